// What Node.js does with memory, counted within the process.
import { GCProfiler, getHeapStatistics } from "node:v8";

/** Counts by their names. */
export type Counts = Readonly<Record<string, number>>;

/** Ends counting, and returns what was counted. */
export type Counter = () => Counts;

/** Counts full and young collections, and the bytes that were allocated on the heap: what it grew between them. */
export function countCollections(): Counter {
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
 * Counts the bytes that were allocated outside of the heap: what grew from turn to turn of the event loop. Looking at each
 * turn makes garbage and keeps the loop busy, so collections are counted at another time.
 */
export function countOutside(): Counter {
  let outside = 0;
  let before = getHeapStatistics().external_memory;
  const look = (): void => {
    const now = getHeapStatistics().external_memory;
    outside += Math.max(now - before, 0);
    before = now;
  };
  let next = setImmediate(function turn() {
    look();
    next = setImmediate(turn);
  });
  return () => {
    look();
    clearImmediate(next);
    return { outside };
  };
}
