// npm run fuzz -- --sessions 100000 --seed 7 [--over tcp] [--only 123] [--parallel 60]
// Prints the seed, and for each failure the command that repeats it and the smallest session that fails alike.
import { parseArgs } from "node:util";

import { fuzz, sessionOf, shrink } from "./fuzz.js";
import { runSession, type Over } from "./run-session.js";
import type { Session } from "./session.js";

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "10000" },
    seed: { type: "string" },
    over: { type: "string", default: "memory" },
    only: { type: "string" },
    parallel: { type: "string", default: "60" },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
const over: Over = values.over === "tcp" ? "tcp" : "memory";

if (values.only === undefined) await runAll();
else await runOne(Number(values.only));

async function runAll(): Promise<void> {
  console.log(`Seed ${seed}, over ${over}`);
  const started = performance.now();
  const figures = await fuzz({
    seed,
    over,
    sessions: Number(values.sessions),
    parallel: Number(values.parallel),
    progress: (done) => console.log(`${done} sessions, ${seconds(started)} s`),
  });
  const { failures, sessions, begun, answered, slowestProbe } = figures;
  console.log(
    `${sessions} sessions in ${seconds(started)} s: ${begun} requests begun, ${answered} answered, ` +
      `slowest new connection ${slowestProbe.toFixed(1)} ms, ${failures.length} failures, ` +
      `${(process.memoryUsage.rss() / 2 ** 20).toFixed()} MiB`,
  );
  for (const { number, fact } of failures) {
    console.log(`\nSession ${number}: ${fact}`);
    if (number < 0) continue;
    console.log(`Repeat: npm run fuzz -- --seed ${seed} --only ${number} --over ${over}`);
  }
  process.exit(failures.length > 0 ? 1 : 0);
}

async function runOne(number: number): Promise<void> {
  const session = sessionOf(seed, number);
  try {
    console.log(await runSession(session, over));
    process.exit(0);
  } catch (error) {
    console.log((error as Error).message);
    print(await shrink(session, over));
    process.exit(1);
  }
}

function print({ steps, ...session }: Session): void {
  console.log({ ...session, expected: session.expected?.map(({ what }) => what) });
  for (const step of steps) {
    if (step.do === "send")
      console.log(
        `send on ${step.on}: ${step.bytes.length} bytes ${step.bytes.toString("hex").slice(0, 2000)}`,
      );
    else console.log(JSON.stringify(step));
  }
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}
