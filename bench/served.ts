import type { Contender, Measurement, Metric } from "./case.js";
import { runLoad, writeLoadFile, type Load } from "./load.js";
import { startPeer, type Peer, type PeerOptions } from "./peers.js";
import { formatRequest, type RequestFacts } from "./request.js";
import { memoryOf } from "./server-process.js";

/** The metrics of a loaded server. */
export const servedMetrics: readonly Metric[] = [
  { key: "cpu", label: "CPU per request", unit: "µs" },
  { key: "throughput", label: "requests per second", unit: "/s" },
  { key: "p50", label: "median latency", unit: "µs" },
  { key: "p99", label: "99th percentile", unit: "µs" },
  { key: "memory", label: "memory", unit: "MiB" },
];

/** The requests of a case. */
export interface ServedCase extends PeerOptions {
  readonly request: RequestFacts;
  /** The body of every answer. */
  readonly expect: Uint8Array | string;
  readonly field?: string | undefined;
  readonly connections?: number | undefined;
  readonly inFlight?: number | undefined;
  readonly core?: number | undefined;
  /** The time of one run; s. */
  readonly seconds: number;
  /** Warm-up requests for every JIT compiler. */
  readonly warmUp: number;
}

/** A server that is loaded directly, without a Web server in between. */
export function served(peer: Peer, options: ServedCase): Contender {
  return {
    name: peer.name,
    start: async () => {
      const server = await startPeer(peer, options);
      const load = loadOf(peer, options);
      await runLoad(server.socket, { ...load, requests: options.warmUp });
      return {
        measure: async () => {
          const pids = server.pids();
          const result = await runLoad(server.socket, load, pids);
          const kibibytes = pids.reduce((sum, pid) => sum + memoryOf(pid, "VmRSS"), 0);
          return { ...measurementOf(result), memory: kibibytes / 1024 };
        },
        stop: () => server.stop(),
      };
    },
  };
}

/** The load of a case in the protocol of a server. */
export function loadOf({ protocol }: Pick<Peer, "protocol">, options: ServedCase): Load {
  const { request, expect, field, connections, inFlight, core, seconds } = options;
  return {
    protocol,
    requestFile: writeLoadFile("request", formatRequest(protocol, request)),
    expectFile: writeLoadFile("expect", Buffer.from(expect)),
    field,
    connections,
    inFlight,
    core,
    seconds,
    close: request.close,
    warmUp: 50,
  };
}

/** The figures of a run. */
export function measurementOf(result: Awaited<ReturnType<typeof runLoad>>): Measurement {
  const { requests, seconds, p50, p99, cpu } = result;
  const total = Object.values(cpu).reduce((sum, microseconds) => sum + microseconds, 0);
  return { cpu: total / requests, throughput: requests / seconds, p50, p99 };
}
