// Time, CPU time of other processes, and a histogram of latencies.
#pragma once
#include <stdint.h>

// Nanoseconds of a clock that only grows.
uint64_t now_ns(void);

// Nanoseconds of CPU, user and system, that all threads of a process have used, those that have ended too. Exits the
// program where there is no such process.
uint64_t cpu_ns(int pid);

void latency_clear(void);
void latency_add(uint64_t ns);
// The latency in microseconds that a share of all requests stayed below; 0.99 for the 99th percentile.
double latency_at(double share);
