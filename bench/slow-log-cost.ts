// What the slow log costs: user CPU time of a request with it and without it.
//
//     node --import @oxc-node/core/register bench/slow-log-cost.ts
//
// Runs of servers with and without it alternate, and of each the least counts: other work on the machine only adds to it.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Get, Responder, serve } from "tricorn";
import { FastCgiClient } from "tricorn/client";

const ROUNDS = 7;
const CONCURRENCY = 20;
const SLOW_LOG = 1_000;

/** The requests of one run of a handler with so many awaits. */
const CASES = [
  { awaits: 1, requests: 2_000 },
  { awaits: 100, requests: 300 },
] as const;

@Responder()
class Awaiting {
  @Get("/1")
  async one() {
    await Promise.resolve();
    return "one";
  }

  @Get("/100")
  async hundred() {
    for (let count = 0; count < 100; count += 1) await Promise.resolve();
    return "hundred";
  }
}

/** A server in a process of its own, which tells its user CPU time if it is sent a message. */
interface Measured {
  readonly process: ChildProcess;
  readonly client: FastCgiClient;
}

async function serveMeasured(slowLog: number | undefined): Promise<void> {
  const { address } = await serve([Awaiting], "127.0.0.1:0", slowLog === undefined ? {} : { slowLog });
  process.on("message", () => process.send!(process.cpuUsage().user));
  process.send!(address);
}

async function start(mode: "on" | "off"): Promise<Measured> {
  const child = fork(fileURLToPath(import.meta.url), [mode], { stdio: "ignore" });
  const [address] = (await once(child, "message")) as [string];
  return { process: child, client: new FastCgiClient({ address, maxConnections: CONCURRENCY }) };
}

async function cpuOf({ process }: Measured): Promise<number> {
  const told = once(process, "message");
  process.send("cpu");
  return ((await told) as [number])[0];
}

async function ask({ client }: Measured, path: string, requests: number): Promise<void> {
  let left = requests;
  const askInTurn = async () => {
    for (; left > 0; left -= 1)
      await (await client.request({ params: { REQUEST_METHOD: "GET", REQUEST_URI: path } })).text();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, askInTurn));
}

/** Microseconds of user CPU time for one request. */
async function measure(server: Measured, { awaits, requests }: (typeof CASES)[number]): Promise<number> {
  const before = await cpuOf(server);
  await ask(server, `/${awaits}`, requests);
  return ((await cpuOf(server)) - before) / requests;
}

async function compare(): Promise<void> {
  const [off, on] = await Promise.all([start("off"), start("on")]);
  for (const one of CASES) {
    const least = { off: Infinity, on: Infinity };
    for (let round = 0; round < ROUNDS; round += 1) {
      const [without, withIt] = [await measure(off, one), await measure(on, one)];
      // The first round is for the compiler.
      if (round === 0) continue;
      least.off = Math.min(least.off, without);
      least.on = Math.min(least.on, withIt);
    }
    const figures = `${least.off.toFixed(0)} µs without, ${least.on.toFixed(0)} µs with`;
    console.log(`${one.awaits} awaits: ${figures}, ${(least.on / least.off).toFixed(1)} times as much`);
  }
  for (const { process, client } of [off, on]) {
    await client.close();
    process.kill();
  }
}

const [mode] = process.argv.slice(2);
if (mode === undefined) await compare();
else await serveMeasured(mode === "on" ? SLOW_LOG : undefined);
