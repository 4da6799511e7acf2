// Loads a server with prepared requests, a constant number at a time, and measures their cost. Each line of its input is
// a slice, after which it waits with open connections: the number of requests, the most seconds (0: no limit), the number
// of requests that come first and are not measured, and 1 to forget the latencies of earlier slices. Each line of its
// output is the result of a slice as JSON. bench/build.ts compiles it, bench/load.ts runs it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "answer.h"
#include "measure.h"
#include "options.h"

enum { IOVECS = 64 };

static uint64_t cpu_before[MAX_PIDS];

// Eight number signs are replaced by the number of the request.
static size_t number_at[16];
static int number_count;

struct slot {
  char *bytes;  // the request with its id
  bool active;
  uint64_t started;
  struct answer answer;
};

struct connection {
  int fd;
  bool awaits_output;
  struct slot *slots;
  struct answer **answers;
  int *queue;  // a ring of slots that are to be sent
  int queue_start, queue_length;
  size_t sent;  // of the first in the queue
  struct record_reader reader;
};

static int epoll;
static struct connection *connections;

static struct {
  unsigned long requests, warm_up;
  double seconds;
  int forgets;
} slice;
static uint64_t started, finished, measured_from, deadline;
static unsigned long numbered;
static bool measuring;

// Copies the request for one slot, with the slot's id in each of its records.
static char *copy_request(int id) {
  char *bytes = malloc(options.request_length);
  if (bytes == NULL) fail("Out of memory");
  memcpy(bytes, options.request, options.request_length);
  for (size_t at = 0; !options.wanted.http && !options.wanted.scgi && at + 8 <= options.request_length;) {
    uint8_t *header = (uint8_t *)bytes + at;
    header[2] = (uint8_t)(id >> 8);
    header[3] = (uint8_t)id;
    at += 8 + (size_t)(header[4] << 8 | header[5]) + header[6];
  }
  return bytes;
}

static void watch(struct connection *connection, bool output, int operation) {
  struct epoll_event event = {.events = EPOLLIN | (output ? EPOLLOUT : 0), .data.ptr = connection};
  connection->awaits_output = output;
  if (epoll_ctl(epoll, operation, connection->fd, &event) != 0) fail("Cannot watch: %s", strerror(errno));
}

static void open_connection(struct connection *connection) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", options.address);
  connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection->fd < 0) fail("Cannot make a socket: %s", strerror(errno));
  if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0) {
    fail("Cannot connect to %s: %s", options.address, strerror(errno));
  }
  fcntl(connection->fd, F_SETFL, O_NONBLOCK);
  memset(&connection->reader, 0, sizeof connection->reader);
  watch(connection, false, EPOLL_CTL_ADD);
}

static bool wants_more(void) {
  if (started >= slice.requests + slice.warm_up) return false;
  return !measuring || slice.seconds == 0 || now_ns() < deadline;
}

static void start(struct connection *connection, int slot) {
  struct slot *one = &connection->slots[slot];
  char number[9];
  snprintf(number, sizeof number, "%08u", (unsigned)(numbered++ % 100000000));
  for (int at = 0; at < number_count; at++) memcpy(one->bytes + number_at[at], number, 8);
  answer_clear(&one->answer);
  one->active = true;
  one->started = now_ns();
  started++;
  connection->queue[(connection->queue_start + connection->queue_length++) % options.in_flight] = slot;
}

// Sends queued requests until the socket is full, in as few calls as possible.
static void flush(struct connection *connection) {
  while (connection->queue_length > 0) {
    struct iovec parts[IOVECS];
    int count = 0;
    for (; count < connection->queue_length && count < IOVECS; count++) {
      int slot = connection->queue[(connection->queue_start + count) % options.in_flight];
      size_t skipped = count == 0 ? connection->sent : 0;
      parts[count] = (struct iovec){connection->slots[slot].bytes + skipped, options.request_length - skipped};
    }
    ssize_t written = writev(connection->fd, parts, count);
    if (written < 0 && errno == EAGAIN) break;
    if (written < 0) fail("Cannot send: %s", strerror(errno));
    size_t left = connection->sent + (size_t)written;
    for (; left >= options.request_length && connection->queue_length > 0; left -= options.request_length) {
      connection->queue_start = (connection->queue_start + 1) % (int)options.in_flight;
      connection->queue_length--;
    }
    connection->sent = left;
  }
  bool output = connection->queue_length > 0;
  if (output != connection->awaits_output) watch(connection, output, EPOLL_CTL_MOD);
}

static void begin_measuring(void) {
  measuring = true;
  if (slice.forgets) latency_clear();
  for (int at = 0; at < options.pid_count; at++) cpu_before[at] = cpu_ns(options.pids[at]);
  measured_from = now_ns();
  deadline = measured_from + (uint64_t)(slice.seconds * 1e9);
}

static void finish(struct connection *connection, int slot) {
  struct slot *one = &connection->slots[slot];
  if (!one->active) fail("Request id %d was answered twice", slot + 1);
  one->active = false;
  finished++;
  if (measuring) latency_add(now_ns() - one->started);
  if (!measuring && finished >= slice.warm_up) begin_measuring();
  // Without keep-alive the next request waits for the end of the connection, as nginx does.
  if (!options.close && wants_more()) start(connection, slot);
}

static void take(struct connection *connection, const char *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    if (options.wanted.http || options.wanted.scgi) {
      struct slot *one = &connection->slots[0];
      if (!one->active) fail("Bytes followed the answer");
      at += answer_take(&one->answer, &options.wanted, bytes + at, length - at);
      if (answer_complete(&one->answer, &options.wanted)) finish(connection, 0);
    } else {
      int ended;
      at += records_take(&connection->reader, connection->answers, (int)options.in_flight, &options.wanted, bytes + at,
                         length - at, &ended);
      if (ended >= 0) finish(connection, ended);
    }
  }
}

static void receive(struct connection *connection) {
  static char buffer[READ_SIZE];
  if (options.read_pause > 0) usleep((useconds_t)options.read_pause);
  ssize_t length = read(connection->fd, buffer, (size_t)options.read_bytes);
  if (length < 0 && errno == EAGAIN) return;
  if (length < 0) fail("Cannot receive: %s", strerror(errno));
  if (length > 0) {
    take(connection, buffer, (size_t)length);
    flush(connection);
    return;
  }
  if (!options.close || connection->slots[0].active) fail("The server closed a connection");
  close(connection->fd);
  connection->fd = -1;
  if (!wants_more()) return;
  open_connection(connection);
  start(connection, 0);
  flush(connection);
}

static void make_connections(void) {
  connections = calloc((size_t)options.connections, sizeof *connections);
  for (long at = 0; at < options.connections; at++) {
    struct connection *connection = &connections[at];
    connection->fd = -1;
    connection->slots = calloc((size_t)options.in_flight, sizeof *connection->slots);
    connection->answers = calloc((size_t)options.in_flight, sizeof *connection->answers);
    connection->queue = calloc((size_t)options.in_flight, sizeof *connection->queue);
    for (int slot = 0; slot < options.in_flight; slot++) {
      connection->slots[slot].bytes = copy_request(slot + 1);
      connection->answers[slot] = &connection->slots[slot].answer;
    }
  }
}

static void start_all(void) {
  for (long at = 0; at < options.connections; at++) {
    struct connection *connection = &connections[at];
    // The server is closing the one of the last slice.
    if (options.close && connection->fd >= 0) {
      close(connection->fd);
      connection->fd = -1;
    }
    if (connection->fd < 0) open_connection(connection);
    for (int slot = 0; slot < options.in_flight && wants_more(); slot++) start(connection, slot);
    flush(connection);
  }
}

static void run(void) {
  struct epoll_event events[256];
  while (wants_more() || finished < started) {
    int count = epoll_wait(epoll, events, 256, 10000);
    if (count == 0) fail("The server was silent for 10 seconds; %lu requests wait", (unsigned long)(started - finished));
    for (int at = 0; at < count; at++) {
      struct connection *connection = events[at].data.ptr;
      if (events[at].events & EPOLLOUT) flush(connection);
      if (events[at].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(connection);
    }
  }
}

static void print_results(void) {
  double seconds = (double)(now_ns() - measured_from) / 1e9;
  printf("{\"requests\":%lu,\"seconds\":%.6f,", finished - slice.warm_up, seconds);
  printf("\"p50\":%.1f,\"p99\":%.1f,\"cpu\":{", latency_at(.5), latency_at(.99));
  for (int at = 0; at < options.pid_count; at++) {
    printf("%s\"%d\":%.3f", at > 0 ? "," : "", options.pids[at], (double)(cpu_ns(options.pids[at]) - cpu_before[at]) / 1e3);
  }
  printf("}}\n");
  fflush(stdout);
}

int main(int count, char **arguments) {
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  read_options(count, arguments);
  for (const char *at = options.request; number_count < 16;) {
    at = memmem(at, options.request_length - (size_t)(at - options.request), "########", 8);
    if (at == NULL) break;
    number_at[number_count++] = (size_t)(at - options.request);
    at += 8;
  }
  epoll = epoll_create1(EPOLL_CLOEXEC);
  make_connections();
  while (scanf("%lu %lf %lu %d", &slice.requests, &slice.seconds, &slice.warm_up, &slice.forgets) == 4) {
    started = finished = 0;
    measuring = false;
    if (slice.warm_up == 0) begin_measuring();
    start_all();
    run();
    print_results();
  }
  return 0;
}
