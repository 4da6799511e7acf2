import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { isProgram } from "../scripts/debian-packages.mjs";
import type { Measurement, Metric } from "./case.js";
import type { LoadRun } from "./load.js";
import type { Peer } from "./peers.js";
import type { ServerProcess } from "./server-process.js";
import { freshPath } from "./workplace.js";

/** What is counted of a loaded server: other work on the machine does not change it. */
export const countMetrics: readonly Metric[] = [
  { key: "full", label: "full collections", unit: "", counted: true },
  { key: "young", label: "young collections", unit: "", counted: true },
  { key: "heap", label: "allocated on the heap", unit: "KiB per request", counted: true },
  { key: "outside", label: "allocated outside of it", unit: "KiB per request", counted: true },
  { key: "calls", label: "system calls", unit: "per request", counted: true },
];

/** Requests in which allocations outside of the heap, and system calls, are counted at most. */
const MOST_OUTSIDE = 1_000;
const MOST_TRACED = 300;

interface Counted {
  readonly peer: Peer;
  readonly server: ServerProcess;
  readonly run: LoadRun;
  /** In which collections are counted. */
  readonly requests: number;
}

/** Counts each thing in a run of its own, none of which is timed. */
export async function countsOf(counted: Counted): Promise<Measurement> {
  return { ...(counted.peer.isNode ? await memoryCounts(counted) : {}), ...(await systemCalls(counted)) };
}

async function memoryCounts({ server, run, requests }: Counted): Promise<Measurement> {
  await server.ask("count collections");
  await run.slice({ requests });
  const { full = NaN, young = NaN, heap = NaN } = await server.ask("count outside");
  const fewer = Math.min(requests, MOST_OUTSIDE);
  await run.slice({ requests: fewer });
  const { outside = NaN } = await server.ask("report");
  return { full, young, heap: heap / requests / 1024, outside: outside / fewer / 1024 };
}

/** Nothing, unless strace is installed and may trace other processes. */
async function systemCalls({ server, run, requests }: Counted): Promise<Measurement> {
  if (!isProgram("strace")) return {};
  const file = freshPath("calls");
  const pids = server.pids().flatMap((pid) => ["-p", String(pid)]);
  const tracer = spawn("strace", ["-c", "-U", "calls,name", "-f", "-o", file, ...pids], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(tracer, "exit");
  let attached = 0;
  for await (const line of createInterface({ input: tracer.stderr })) {
    if (line.includes("attached")) attached += 1;
    if (attached >= pids.length / 2) break;
  }
  if (attached === 0) return {};
  const fewer = Math.min(requests, MOST_TRACED);
  await run.slice({ requests: fewer });
  tracer.kill("SIGINT");
  await ended;
  const [, calls] = /^ *(\d+) total$/m.exec(readFileSync(file, "utf8")) ?? [];
  return calls === undefined ? {} : { calls: Number(calls) / fewer };
}
