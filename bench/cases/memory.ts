import { setTimeout as delay } from "node:timers/promises";

import type { Case, Contender, Measurement, Metric } from "../case.js";
import { LoadRun, runLoad, type Load } from "../load.js";
import { HELLO, LARGE } from "../peers/bodies.js";
import { peers, startPeer, type Peer } from "../peers.js";
import { waitingRequests } from "../waiting-requests.js";
import { forgetPeak, memoryOf, type ServerProcess } from "../server-process.js";
import { loadOf } from "../served.js";
import type { RequestFacts } from "../request.js";

const { tricorn, helloTricorn, helloHttp, raw, go, nodeFastCgi, nodeHttp, fastify } = peers;

const CONNECTIONS = 1_000;

/** The memory of connections, requests and large bodies. Each round has a new process. */
export function memoryCases(): Case[] {
  return [
    memoryCase({
      name: "idle-connections",
      title: "1,000 idle connections, each of which had a request",
      unit: "KiB per connection",
      contenders: [tricorn, raw, go, nodeFastCgi, nodeHttp, fastify].map((peer) =>
        fresh(peer, idleConnections),
      ),
    }),
    memoryCase({
      name: "waiting-requests",
      title: "990 requests that wait for their handlers, on 10 connections",
      unit: "KiB per request",
      contenders: [tricorn, nodeFastCgi].map((peer) => fresh(peer, requestsInFlight)),
    }),
    memoryCase({
      name: "idle-process",
      title: "A process that has just started",
      unit: "MiB",
      contenders: [helloTricorn, helloHttp, raw, go, nodeFastCgi, fastify].map((peer) =>
        fresh(peer, idleProcess),
      ),
    }),
    peakCase({
      name: "peak-echo",
      title: "Peak of a streamed echo of 256 MiB: `@Body.stream()` returned",
      request: () => ({ target: "/echo", body: Buffer.alloc(256 * 1024 * 1024, LARGE) }),
    }),
    peakCase({
      name: "peak-slow-reader",
      title: "Peak of 64 MiB that are made as they are taken, by a slow reader",
      request: () => ({ target: "/produce" }),
    }),
  ];
}

type MemoryCase = Pick<Case, "name" | "title" | "contenders"> & { readonly unit: string };

function memoryCase({ unit, ...rest }: MemoryCase): Case {
  const metrics: readonly Metric[] = [{ key: "memory", label: "memory", unit }];
  return { ...rest, metrics, rounds: 3 };
}

type PeakCase = Pick<Case, "name" | "title"> & { readonly request: () => RequestFacts };

function peakCase({ request, ...rest }: PeakCase): Case {
  const metrics: readonly Metric[] = [
    { key: "memory", label: "memory", unit: "MiB" },
    { key: "above", label: "above that of the idle process", unit: "MiB" },
  ];
  return {
    ...rest,
    metrics,
    contenders: [tricorn, nodeHttp].map((peer) => peakOf(peer, request)),
    rounds: 3,
  };
}

type Measure = (server: ServerProcess, peer: Peer) => Promise<number>;

/** A contender that is restarted for each measurement. */
function fresh(peer: Peer, measure: Measure): Contender {
  return restarted(peer, async (server) => ({ memory: await measure(server, peer) }));
}

function restarted(peer: Peer, measure: (server: ServerProcess) => Promise<Measurement>): Contender {
  const one = async (): Promise<Measurement> => {
    const server = await startPeer(peer);
    try {
      return await measure(server);
    } finally {
      await server.stop();
    }
  };
  return { name: peer.name, start: () => Promise.resolve({ measure: one, stop: () => Promise.resolve() }) };
}

function residentOf(server: ServerProcess): number {
  return server.pids().reduce((sum, pid) => sum + memoryOf(pid, "VmRSS"), 0);
}

/** A process that has answered enough requests to stop growing. */
async function warm(server: ServerProcess, peer: Peer): Promise<Load> {
  const load = loadOf(peer, { request: { target: "/hello" }, expect: HELLO });
  await runLoad(server.socket, load, { requests: 8_000 });
  return load;
}

async function idleConnections(server: ServerProcess, peer: Peer): Promise<number> {
  const load = await warm(server, peer);
  const before = residentOf(server);
  const run = new LoadRun(server.socket, { ...load, connections: CONNECTIONS });
  await run.slice({ requests: CONNECTIONS });
  const after = residentOf(server);
  await run.close();
  return (after - before) / CONNECTIONS;
}

async function requestsInFlight(server: ServerProcess, peer: Peer): Promise<number> {
  await warm(server, peer);
  const before = residentOf(server);
  const waiting = await waitingRequests(server.socket, { connections: 10, each: 99 });
  const after = residentOf(server);
  waiting.release();
  return (after - before) / waiting.count;
}

/** After the first second, when memory from the start may have been freed. */
async function idleProcess(server: ServerProcess): Promise<number> {
  await delay(1_000);
  return residentOf(server) / 1024;
}

/** The peak of one request to a process that has answered small ones. */
function peakOf(peer: Peer, request: PeakCase["request"]): Contender {
  let load: Load | undefined;
  return restarted(peer, async (server) => {
    load ??= largeLoad(peer, request());
    await warm(server, peer);
    const [pid = 0] = server.pids();
    const idle = memoryOf(pid, "VmRSS");
    forgetPeak(pid);
    await runLoad(server.socket, load, { requests: 1 });
    const peak = memoryOf(pid, "VmHWM");
    return { memory: peak / 1024, above: (peak - idle) / 1024 };
  });
}

/** What answers a request without a body is read slowly. */
function largeLoad(peer: Peer, request: RequestFacts): Load {
  const expect = request.body ?? Buffer.alloc(64 * LARGE.length, LARGE);
  const slowReader = request.body ? undefined : { bytes: 16 * 1024, pause: 500 };
  return { ...loadOf(peer, { request, expect }), slowReader };
}
