#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time) != 0) {
    perror("Cannot read clock");
    exit(2);
  }
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t now_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }

uint64_t cpu_ns(int pid) {
  clockid_t clock;
  if (clock_getcpuclockid(pid, &clock) != 0) {
    fprintf(stderr, "Cannot measure process %d: not found\n", pid);
    exit(2);
  }
  return nanoseconds(clock);
}

// A bucket for each 64th part of a power of two: no value is wrong by more than 1.6 %.
enum { PARTS_BITS = 6, PARTS = 1 << PARTS_BITS, BUCKETS = 64 * PARTS };
static uint32_t buckets[BUCKETS];

void latency_clear(void) { memset(buckets, 0, sizeof buckets); }

void latency_add(uint64_t ns) {
  int shift = 0;
  while ((ns >> shift) >= 2 * PARTS) shift++;
  buckets[shift * PARTS + (int)(ns >> shift)]++;
}

double latency_at(double share) {
  uint64_t all = 0, seen = 0;
  for (int at = 0; at < BUCKETS; at++) all += buckets[at];
  if (all == 0) return 0;
  for (int at = 0; at < BUCKETS; at++) {
    seen += buckets[at];
    if ((double)seen < share * (double)all || buckets[at] == 0) continue;
    int shift = at < 2 * PARTS ? 0 : at / PARTS - 1;
    return (double)((uint64_t)(at - shift * PARTS) << shift) / 1e3;
  }
  return 0;
}
