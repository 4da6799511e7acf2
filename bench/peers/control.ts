// Loaded before a measured Node.js server (`--import`), the same for each of them. Counts when the benchmark asks by a
// message, outside of what is timed. Does nothing else until then.
import { liveObjects } from "./live-objects.js";
import { countCollections, countOutside, type Counter } from "./memory-counters.js";
import { sampleFunctions } from "./sampled-functions.js";

/** What the benchmark asks of a server. The answer has the counts since the last question. */
export type Question = "count collections" | "count outside" | "sample functions" | "report";

const nothing: Counter = () => ({});
let counter = nothing;

process.on("message", (question: Question) => {
  const counts = counter();
  counter = nothing;
  if (question === "count collections") counter = countCollections();
  if (question === "count outside") counter = countOutside();
  if (question === "sample functions") counter = sampleFunctions();
  process.send!(counts);
});
// Without its benchmark it has nothing to do.
process.on("disconnect", () => process.exit());

/** Holds a heap as large as that of a real application, if the benchmark wants one; in MiB. */
const { BENCH_LIVE_HEAP } = process.env;
export const live = BENCH_LIVE_HEAP === undefined ? [] : liveObjects(Number(BENCH_LIVE_HEAP) * 1024 * 1024);
