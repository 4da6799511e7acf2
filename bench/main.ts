// Compares Tricorn with its alternatives: CPU time of the server process per request, all in one run. Only the ratios
// count; the microseconds depend on the machine. Run it by `npm run bench`.
import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";

import { run, type Protocol } from "./load.js";

interface PeerDefinition {
  readonly name: string;
  readonly file: string;
  readonly protocol: Protocol;
}

interface Peer extends PeerDefinition {
  readonly process: ChildProcess;
  readonly port: number;
}

interface Case {
  readonly name: string;
  readonly inFlight: number;
  readonly requests: number;
  /** Those that speak a protocol which has such a case. */
  readonly peers: readonly string[];
}

const definitions: readonly PeerDefinition[] = [
  { name: "tricorn", file: "tricorn", protocol: "fastcgi" },
  { name: "raw node:net (the limit)", file: "raw", protocol: "fastcgi" },
  { name: "node:http", file: "node-http", protocol: "http" },
  { name: "node-fastcgi 2.0.0, repaired", file: "node-fastcgi", protocol: "fastcgi" },
];

const all = definitions.map(({ name }) => name);
const cases: readonly Case[] = [
  { name: "hello, one keep-alive connection", inFlight: 1, requests: 10_000, peers: all },
  {
    name: "hello, 32 multiplexed on one connection",
    inFlight: 32,
    requests: 40_000,
    peers: all.filter((name) => name !== "node:http"),
  },
];

const ROUNDS = 5;
const WARM_UP = 20_000;

const pinned = pinToOneCore();
const peers = await Promise.all(definitions.map(start));
try {
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model ?? "unknown CPU"}, ${pinned ? "all on one core" : "not pinned"}, ` +
      `medians of ${ROUNDS} interleaved rounds\n`,
  );
  for (const one of cases) print(one, await measure(one));
} finally {
  for (const { process: child } of peers) child.kill();
}

/** The wake-ups between cores would cost more than what is measured. Children inherit the pinning. */
function pinToOneCore(): boolean {
  return spawnSync("taskset", ["-p", "-c", "0", String(process.pid)], { stdio: "ignore" }).status === 0;
}

async function start(definition: PeerDefinition): Promise<Peer> {
  const child = fork(new URL(`./peers/${definition.file}.ts`, import.meta.url), { stdio: "inherit" });
  const [message] = (await once(child, "message")) as [{ port: number }];
  return { ...definition, process: child, port: message.port };
}

/** CPU microseconds per request of each peer, a list of one value a round. */
async function measure({ peers: names, inFlight, requests }: Case): Promise<Map<string, number[]>> {
  const measured = peers.filter(({ name }) => names.includes(name));
  for (const peer of measured) await run({ ...peer, inFlight, requests: WARM_UP });
  const results = new Map<string, number[]>(measured.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const peer of measured) {
      const before = await cpuOf(peer);
      await run({ ...peer, inFlight, requests });
      results.get(peer.name)!.push(((await cpuOf(peer)) - before) / requests);
    }
  }
  return results;
}

async function cpuOf({ process: child }: Peer): Promise<number> {
  child.send("cpu");
  const [{ cpu }] = (await once(child, "message")) as [{ cpu: number }];
  return cpu;
}

function print({ name }: Case, results: Map<string, number[]>): void {
  console.log(`${name}: CPU per request`);
  const own = results.get("tricorn")!;
  for (const [peer, values] of results) {
    const ratios = values.map((value, round) => value / own[round]!);
    const ratio = `${median(ratios).toFixed(2)} of tricorn (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
    console.log(
      `  ${peer.padEnd(30)} ${median(values).toFixed(2).padStart(7)} µs   ${peer === "tricorn" ? "1" : ratio}`,
    );
  }
  console.log();
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
