// Loaded before a measured Node.js server (`--import`), the same for each of them. Counts when the benchmark asks by a
// message, outside of what is timed: the collections and what was allocated. Does nothing else until then.
import { GCProfiler, getHeapStatistics } from "node:v8";

import { liveObjects } from "./live-objects.js";

/** What the benchmark asks of a server. */
export type Question = "count collections" | "count outside" | "report";

/** What it gets: counts since the last question. */
export type Counts = Readonly<Record<string, number>>;

/** Counts something until it is asked for the result. */
type Counter = () => Counts;

/** Collections, and what was allocated on the heap: what it grew between them. */
function collections(): Counter {
  const profiler = new GCProfiler();
  let used = getHeapStatistics().used_heap_size;
  profiler.start();
  return () => {
    const { statistics } = profiler.stop();
    let heap = 0;
    for (const { beforeGC, afterGC } of statistics) {
      heap += Math.max(beforeGC.heapStatistics.usedHeapSize - used, 0);
      used = afterGC.heapStatistics.usedHeapSize;
    }
    heap += Math.max(getHeapStatistics().used_heap_size - used, 0);
    const countOf = (type: string): number => statistics.filter(({ gcType }) => gcType === type).length;
    return { full: countOf("MarkSweepCompact"), young: countOf("Scavenge"), heap };
  };
}

/**
 * Bytes allocated outside of the heap: what grew from turn to turn of the event loop. Looking at each turn makes garbage and
 * keeps the loop busy, so that nothing else can be counted meanwhile.
 */
function outside(): Counter {
  let bytes = 0;
  let before = getHeapStatistics().external_memory;
  const look = (): void => {
    const now = getHeapStatistics().external_memory;
    bytes += Math.max(now - before, 0);
    before = now;
  };
  let next = setImmediate(function turn() {
    look();
    next = setImmediate(turn);
  });
  return () => {
    look();
    clearImmediate(next);
    return { outside: bytes };
  };
}

let counter: Counter = () => ({});

process.on("message", (question: Question) => {
  const counts = counter();
  counter = () => ({});
  if (question === "count collections") counter = collections();
  if (question === "count outside") counter = outside();
  process.send!(counts);
});
// Without its benchmark it has nothing to do.
process.on("disconnect", () => process.exit());

/** Holds a heap as large as that of a real application, if the benchmark wants one; in MiB. */
const { BENCH_LIVE_HEAP } = process.env;
export const live = BENCH_LIVE_HEAP === undefined ? [] : liveObjects(Number(BENCH_LIVE_HEAP) * 1024 * 1024);
