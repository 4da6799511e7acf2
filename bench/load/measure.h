// Time, CPU time of other processes, and a histogram of latencies.
#pragma once
#include <stdint.h>

// Nanoseconds of a clock that only grows.
uint64_t now_ns(void);

// Nanoseconds of CPU, user and system, that all threads of a process have used, including ended ones. Exits
// if there is no such process.
uint64_t cpu_ns(int pid);

void latency_clear(void);
void latency_add(uint64_t ns);
// The latency in microseconds below which a share of all requests stayed; 0.99 for the 99th percentile.
double latency_at(double share);
