#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"

struct options options = {.connections = 1, .in_flight = 1, .read_bytes = READ_SIZE, .wanted.status = 200};

static void map_file(const char *path, const char **bytes, size_t *length) {
  struct stat facts;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &facts) != 0) fail("Cannot open %s: %s", path, strerror(errno));
  *length = (size_t)facts.st_size;
  *bytes = facts.st_size == 0 ? "" : mmap(NULL, *length, PROT_READ, MAP_PRIVATE, fd, 0);
  if (*bytes == MAP_FAILED) fail("Cannot read %s: %s", path, strerror(errno));
  close(fd);
}

void read_options(int count, char **arguments) {
  static const struct option names[] = {
      {"address", 1, 0, 'a'},   {"http", 0, 0, 'h'},     {"request", 1, 0, 'r'},    {"expect", 1, 0, 'e'},
      {"field", 1, 0, 'f'},     {"connections", 1, 0, 'c'}, {"in-flight", 1, 0, 'i'}, {"close", 0, 0, 'x'},
      {"scgi", 0, 0, 'g'},
      {"status", 1, 0, 's'},    {"pid", 1, 0, 'p'},         {"read-bytes", 1, 0, 'b'}, {"read-pause", 1, 0, 'u'},
      {0, 0, 0, 0}};
  for (int name; (name = getopt_long(count, arguments, "", names, NULL)) != -1;) switch (name) {
      case 'a': options.address = optarg; break;
      case 'h': options.wanted.http = true; break;
      case 'g': options.wanted.scgi = true; break;
      case 'r': map_file(optarg, &options.request, &options.request_length); break;
      case 'e': map_file(optarg, &options.wanted.body, &options.wanted.length); break;
      case 'f': options.wanted.field = optarg; break;
      case 'c': options.connections = atol(optarg); break;
      case 'i': options.in_flight = atol(optarg); break;
      case 'x': options.close = true; break;
      case 's': options.wanted.status = atoi(optarg); break;
      case 'p': if (options.pid_count < MAX_PIDS) options.pids[options.pid_count++] = atoi(optarg); break;
      case 'b': options.read_bytes = atol(optarg); break;
      case 'u': options.read_pause = atol(optarg); break;
      default: exit(2);
    }
  if (options.address == NULL || options.request == NULL || options.wanted.body == NULL) fail("Give --address, --request and --expect");
}
