// Loads a server with requests that are ready made, always so many under way, and measures what that costs it.
// bench/load.ts compiles and runs it; its one line of output is JSON.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "answer.h"
#include "measure.h"

enum { MAX_PIDS = 64, READ_SIZE = 256 * 1024, IOVECS = 64 };

static struct {
  const char *address;
  long connections, in_flight, requests, warm_up, read_bytes, read_pause;
  double seconds;
  bool close, hold;
} options = {.connections = 1, .in_flight = 1, .read_bytes = READ_SIZE};

static int pids[MAX_PIDS], pid_count;
static uint64_t cpu_before[MAX_PIDS];

// The bytes of one request. Where eight number signs stand, each request has a number of its own.
static const char *request;
static size_t request_length;
static size_t number_at[16];
static int number_count;
static struct expectation wanted;

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
static uint64_t started, finished, measured_from, deadline;
static bool measuring;

static void map_file(const char *path, const char **bytes, size_t *length) {
  struct stat facts;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &facts) != 0) fail("Cannot open %s: %s", path, strerror(errno));
  *length = (size_t)facts.st_size;
  *bytes = facts.st_size == 0 ? "" : mmap(NULL, *length, PROT_READ, MAP_PRIVATE, fd, 0);
  if (*bytes == MAP_FAILED) fail("Cannot read %s: %s", path, strerror(errno));
  close(fd);
}

// Copies the request for one slot, with the slot's id in each of its records.
static char *copy_request(int id) {
  char *bytes = malloc(request_length);
  if (bytes == NULL) fail("There is no memory left");
  memcpy(bytes, request, request_length);
  for (size_t at = 0; !wanted.http && at + 8 <= request_length;) {
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
  if (options.requests > 0) return started < (uint64_t)(options.requests + options.warm_up);
  return !measuring || now_ns() < deadline;
}

static void start(struct connection *connection, int slot) {
  struct slot *one = &connection->slots[slot];
  char number[9];
  snprintf(number, sizeof number, "%08u", (unsigned)(started % 100000000));
  for (int at = 0; at < number_count; at++) memcpy(one->bytes + number_at[at], number, 8);
  answer_clear(&one->answer);
  one->active = true;
  one->started = now_ns();
  started++;
  connection->queue[(connection->queue_start + connection->queue_length++) % options.in_flight] = slot;
}

// Sends what is queued, as much as the socket takes, in as few calls as there can be.
static void flush(struct connection *connection) {
  while (connection->queue_length > 0) {
    struct iovec parts[IOVECS];
    int count = 0;
    for (; count < connection->queue_length && count < IOVECS; count++) {
      int slot = connection->queue[(connection->queue_start + count) % options.in_flight];
      size_t skipped = count == 0 ? connection->sent : 0;
      parts[count] = (struct iovec){connection->slots[slot].bytes + skipped, request_length - skipped};
    }
    ssize_t written = writev(connection->fd, parts, count);
    if (written < 0 && errno == EAGAIN) break;
    if (written < 0) fail("Cannot send: %s", strerror(errno));
    size_t left = connection->sent + (size_t)written;
    for (; left >= request_length && connection->queue_length > 0; left -= request_length) {
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
  latency_clear();
  for (int at = 0; at < pid_count; at++) cpu_before[at] = cpu_ns(pids[at]);
  measured_from = now_ns();
  deadline = measured_from + (uint64_t)(options.seconds * 1e9);
}

static void finish(struct connection *connection, int slot) {
  struct slot *one = &connection->slots[slot];
  if (!one->active) fail("Request id %d was answered twice", slot + 1);
  one->active = false;
  finished++;
  if (measuring) latency_add(now_ns() - one->started);
  if (!measuring && finished >= (uint64_t)options.warm_up) begin_measuring();
  // Without keep-alive the next request waits for the end of the connection, as nginx does.
  if (!options.close && wants_more()) start(connection, slot);
}

static void take(struct connection *connection, const char *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    if (wanted.http) {
      struct slot *one = &connection->slots[0];
      if (!one->active) fail("Bytes came behind the answer");
      at += answer_take(&one->answer, &wanted, bytes + at, length - at);
      if (answer_complete(&one->answer, &wanted)) finish(connection, 0);
    } else {
      int ended;
      at += records_take(&connection->reader, connection->answers, (int)options.in_flight, &wanted, bytes + at,
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

static void open_all(void) {
  connections = calloc((size_t)options.connections, sizeof *connections);
  for (long at = 0; at < options.connections; at++) {
    struct connection *connection = &connections[at];
    connection->slots = calloc((size_t)options.in_flight, sizeof *connection->slots);
    connection->answers = calloc((size_t)options.in_flight, sizeof *connection->answers);
    connection->queue = calloc((size_t)options.in_flight, sizeof *connection->queue);
    open_connection(connection);
    for (int slot = 0; slot < options.in_flight; slot++) {
      connection->slots[slot].bytes = copy_request(slot + 1);
      connection->answers[slot] = &connection->slots[slot].answer;
      if (wants_more()) start(connection, slot);
    }
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
  printf("{\"requests\":%lu,\"seconds\":%.6f,", (unsigned long)(finished - (uint64_t)options.warm_up), seconds);
  printf("\"p50\":%.1f,\"p99\":%.1f,\"cpu\":{", latency_at(.5), latency_at(.99));
  for (int at = 0; at < pid_count; at++) {
    printf("%s\"%d\":%.3f", at > 0 ? "," : "", pids[at], (double)(cpu_ns(pids[at]) - cpu_before[at]) / 1e3);
  }
  printf("}}\n");
  fflush(stdout);
}

static void read_options(int count, char **arguments) {
  static const struct option names[] = {
      {"address", 1, 0, 'a'},   {"http", 0, 0, 'h'},     {"request", 1, 0, 'r'},    {"expect", 1, 0, 'e'},
      {"field", 1, 0, 'f'},     {"connections", 1, 0, 'c'}, {"in-flight", 1, 0, 'i'}, {"close", 0, 0, 'x'},
      {"seconds", 1, 0, 's'},   {"requests", 1, 0, 'n'}, {"warm-up", 1, 0, 'w'},    {"pid", 1, 0, 'p'},
      {"read-bytes", 1, 0, 'b'}, {"read-pause", 1, 0, 'u'}, {"hold", 0, 0, 'o'},    {0, 0, 0, 0}};
  for (int name; (name = getopt_long(count, arguments, "", names, NULL)) != -1;) switch (name) {
      case 'a': options.address = optarg; break;
      case 'h': wanted.http = true; break;
      case 'r': map_file(optarg, &request, &request_length); break;
      case 'e': map_file(optarg, &wanted.body, &wanted.length); break;
      case 'f': wanted.field = optarg; break;
      case 'c': options.connections = atol(optarg); break;
      case 'i': options.in_flight = atol(optarg); break;
      case 'x': options.close = true; break;
      case 's': options.seconds = atof(optarg); break;
      case 'n': options.requests = atol(optarg); break;
      case 'w': options.warm_up = atol(optarg); break;
      case 'p': if (pid_count < MAX_PIDS) pids[pid_count++] = atoi(optarg); break;
      case 'b': options.read_bytes = atol(optarg); break;
      case 'u': options.read_pause = atol(optarg); break;
      case 'o': options.hold = true; break;
      default: exit(2);
    }
  if (options.address == NULL || request == NULL || wanted.body == NULL) fail("Give --address, --request and --expect");
}

int main(int count, char **arguments) {
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  read_options(count, arguments);
  for (const char *at = request; number_count < 16;) {
    at = memmem(at, request_length - (size_t)(at - request), "########", 8);
    if (at == NULL) break;
    number_at[number_count++] = (size_t)(at - request);
    at += 8;
  }
  epoll = epoll_create1(EPOLL_CLOEXEC);
  if (options.warm_up == 0) begin_measuring();
  open_all();
  run();
  print_results();
  char byte;
  // The connections stay open until whoever started this has measured what they cost.
  if (options.hold) while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  return 0;
}
