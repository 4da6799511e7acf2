import { cpus } from "node:os";

import type { Contender, Measurement, Metric } from "./case.js";
import { countsOf, countMetrics } from "./counts.js";
import { longLived } from "./fleet.js";
import { LoadRun, runLoad, writeLoadFile, type Load, type LoadResult } from "./load.js";
import type { Peer } from "./peers.js";
import { profileOf } from "./profile.js";
import { formatRequest, type RequestFacts } from "./request.js";
import type { ServerProcess } from "./server-process.js";

/** The times of a loaded server. */
export const timeMetrics: readonly Metric[] = [
  { key: "cpu", label: "CPU per request", unit: "µs" },
  { key: "throughput", label: "requests per second", unit: "/s", more: true },
  { key: "p50", label: "median latency", unit: "µs", pooled: true },
  { key: "p99", label: "99th percentile", unit: "µs", pooled: true },
];

/** All metrics of a loaded server. */
export const servedMetrics: readonly Metric[] = [...timeMetrics, ...countMetrics];

/** The requests of a case. */
export interface ServedCase {
  readonly request: RequestFacts;
  /** The body of every answer. */
  readonly expect: Uint8Array | string;
  readonly status?: number | undefined;
  readonly field?: string | undefined;
  readonly connections?: number | undefined;
  readonly inFlight?: number | undefined;
  readonly core?: number | undefined;
  /** The socket that is loaded, of servers that have several; see {@link Peer.doors}. */
  readonly door?: string | undefined;
  /** MiB of objects that a server of Node.js holds beside its work. */
  readonly liveHeap?: number | undefined;
  /** Requests of a slice: enough for the cost of collecting what they leave behind to be part of it. */
  readonly slice: number;
  /** Requests in which collections are counted. */
  readonly counted: number;
}

/** A core for a load that must not share one with its server. */
export const otherCore = Math.min(1, cpus().length - 1);

/** Slices that are profiled. */
const PROFILED = 20;

/** A server that is loaded directly, without a Web server in between. */
export function served(peer: Peer, options: ServedCase): Contender {
  const { liveHeap, slice, counted } = options;
  const shared = longLived(peer, liveHeap);
  return {
    name: peer.name,
    server: shared,
    start: async (warmUp) => {
      const server = await shared.start();
      const warm = { pids: () => server.pids(), requests: warmUp * slice };
      const run = await warmRun(socketOf(server, peer, options.door), loadOf(peer, options), warm);
      return {
        measure: async () => measurementOf(await run.slice(sliceOf(slice))),
        count: () => countsOf({ peer, server, run, requests: counted }),
        profile: async () => {
          // On one core the time of the load would be that of the server's writing, which wakes it.
          const load = loadOf(peer, { ...options, core: otherCore });
          const other = await warmRun(socketOf(server, peer, options.door), load, warm);
          try {
            return await profileOf(server, other, PROFILED * slice);
          } finally {
            await other.close();
          }
        },
        stop: () => run.close(),
      };
    },
  };
}

/** The socket of a server that answers this. */
export function socketOf({ socket }: ServerProcess, { doors }: Peer, door: string | undefined): string {
  return door !== undefined && doors?.includes(door) === true ? `${socket}.${door}` : socket;
}

/** A load that has warmed these processes of a server up; it starts some of them when it is asked. */
export async function warmRun(
  socket: string,
  load: Load,
  { pids, requests }: { readonly pids: () => readonly number[]; readonly requests: number },
): Promise<LoadRun> {
  await runLoad(socket, load, { requests: 1 });
  const run = new LoadRun(socket, load, pids());
  await run.slice({ requests });
  await run.slice({ requests: 1, forgets: true });
  return run;
}

/** The first requests after a pause, in which others used the caches of the processor, are not measured. */
export function sliceOf(requests: number): { readonly requests: number; readonly warmUp: number } {
  return { requests, warmUp: requests / 20 };
}

/** The load of a case in the protocol of a server. */
export function loadOf({ protocol }: Pick<Peer, "protocol">, options: LoadOptions): Load {
  const { request, expect, ...rest } = options;
  return {
    ...rest,
    protocol,
    requestFile: writeLoadFile("request", formatRequest(protocol, request)),
    expectFile: writeLoadFile("expect", Buffer.from(expect)),
    close: request.close,
  };
}

/** What a load is made of. */
export type LoadOptions = Pick<ServedCase, "request" | "expect"> &
  Partial<Pick<ServedCase, "status" | "field" | "connections" | "inFlight" | "core">>;

/** The figures of a slice. */
export function measurementOf({ requests, seconds, p50, p99, cpu }: LoadResult): Measurement {
  const total = Object.values(cpu).reduce((sum, microseconds) => sum + microseconds, 0);
  return { cpu: total / requests, throughput: requests / seconds, p50, p99 };
}
