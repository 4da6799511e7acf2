// The command line of the load generator.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "answer.h"

enum { MAX_PIDS = 64, READ_SIZE = 256 * 1024 };

struct options {
  const char *address;
  long connections, in_flight, read_bytes, read_pause;
  bool close;
  // The bytes of one request.
  const char *request;
  size_t request_length;
  // What every answer must be.
  struct expectation wanted;
  // The processes whose CPU time is measured.
  int pids[MAX_PIDS], pid_count;
};

extern struct options options;

// Exits if something is missing or invalid.
void read_options(int count, char **arguments);
