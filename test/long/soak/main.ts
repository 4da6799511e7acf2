// npm run soak -- --minutes 10 [--seed N] [--parallel 40]
// Random faults against a server in a process of its own; ends with 1 where an answer was wrong or something was left.
import { parseArgs } from "node:util";

import { soak } from "./soak.js";
import type { ServerFigures } from "./server.js";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string" },
    parallel: { type: "string", default: "40" },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
const MINUTE = 60_000;
const MOST_SESSIONS = 1_000_000;
/** By how much the memory of the last quarter may exceed that of the second one: MiB, and times. */
const ALLOWED_GROWTH = { mebibytes: 40, times: 1.2 };

let samplesSoFar = 0;
console.log(`Seed ${seed}`);
const started = performance.now();
const { sessions, requests, answers, slowestProbe, faults, left, samples } = await soak({
  seed,
  time: Number(values.minutes) * MINUTE,
  sessions: MOST_SESSIONS,
  parallel: Number(values.parallel),
  sampled: (figures, done) => {
    samplesSoFar += 1;
    if (samplesSoFar % 6 === 0) console.log(`${elapsed()} s: ${done} sessions, ${describe(figures)}`);
  },
});
const quarters = [
  samples.slice(samples.length >> 2, samples.length >> 1),
  samples.slice(-(samples.length >> 2)),
];
const [early = 0, late = 0] = quarters.map((quarter) => median(quarter.map(({ rss }) => rss)));
const grown = late > early * ALLOWED_GROWTH.times + ALLOWED_GROWTH.mebibytes;
console.log(
  `${sessions} sessions in ${elapsed()} s: ${requests} requests begun, ${answers} answered, ` +
    `${faults.length} wrong, slowest new connection ${slowestProbe.toFixed(1)} ms`,
);
console.log(
  `At the end: ${describe(left)}; median memory ${early.toFixed()} MiB early, ${late.toFixed()} MiB late`,
);
for (const fault of faults) console.log(fault);
if (grown) console.log("The memory has grown");
process.exit(faults.length > 0 || left.requests + left.connections > 0 || grown ? 1 : 0);

function describe({ requests, connections, rss, heap }: ServerFigures): string {
  return `${requests} requests and ${connections} connections, ${rss.toFixed()} MiB, heap ${heap.toFixed(1)} MiB`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function elapsed(): string {
  return ((performance.now() - started) / 1000).toFixed();
}
