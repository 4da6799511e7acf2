import { setTimeout as delay } from "node:timers/promises";

import type { Case, Contender, Goal, Measurement, Metric } from "../case.js";
import { holdLoad, runLoad, type Load } from "../load.js";
import { HELLO, LARGE } from "../peers/bodies.js";
import { peers, startPeer, type Peer } from "../peers.js";
import { waitingRequests } from "../waiting-requests.js";
import { forgetPeak, memoryOf, type ServerProcess } from "../server-process.js";
import { loadOf } from "../served.js";
import type { RequestFacts } from "../request.js";

const { tricorn, raw, go, nodeFastCgi, nodeHttp, fastify } = peers;

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
      goals: [{ metric: "memory", atMost: 8 }],
    }),
    memoryCase({
      name: "waiting-requests",
      title: "990 requests that wait for their handlers, on 10 connections",
      unit: "KiB per request",
      contenders: [tricorn, nodeFastCgi].map((peer) => fresh(peer, requestsInFlight)),
      goals: [],
    }),
    memoryCase({
      name: "idle-process",
      title: "A process that has just started",
      unit: "MiB",
      contenders: [tricorn, raw, go, nodeFastCgi, nodeHttp, fastify].map((peer) => fresh(peer, idleProcess)),
      goals: [{ metric: "memory", atMost: 50 }],
    }),
    memoryCase({
      name: "peak-echo",
      title: "Peak of a streamed echo of 256 MiB",
      unit: "MiB",
      contenders: [tricorn, nodeHttp].map((peer) =>
        fresh(peer, peakOf({ target: "/stream", body: Buffer.alloc(256 * 1024 * 1024, LARGE) })),
      ),
      goals: [{ metric: "memory", atMost: 90 }],
    }),
    memoryCase({
      name: "peak-slow-reader",
      title: "Peak of 64 MiB that are made as they are taken, by a slow reader",
      unit: "MiB",
      contenders: [tricorn, nodeHttp].map((peer) => fresh(peer, peakOf({ target: "/produce" }))),
      goals: [{ metric: "memory", atMost: 80 }],
    }),
  ];
}

interface MemoryCase {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly contenders: readonly Contender[];
  readonly goals: readonly Goal[];
}

function memoryCase({ unit, ...rest }: MemoryCase): Case {
  const metrics: readonly Metric[] = [{ key: "memory", label: "memory", unit }];
  return { ...rest, metrics };
}

type Measure = (server: ServerProcess, peer: Peer) => Promise<number>;

/** A contender that is restarted for each measurement. */
function fresh(peer: Peer, measure: Measure): Contender {
  const one = async (): Promise<Measurement> => {
    const server = await startPeer(peer, { mode: "hello" });
    try {
      return { memory: await measure(server, peer) };
    } finally {
      await server.stop();
    }
  };
  return { name: peer.name, start: () => Promise.resolve({ measure: one, stop: () => Promise.resolve() }) };
}

function helloLoad(peer: Peer): Load {
  return loadOf(peer, { request: { target: "/hello" }, expect: HELLO, seconds: 1, warmUp: 0 });
}

function residentOf(server: ServerProcess): number {
  return server.pids().reduce((sum, pid) => sum + memoryOf(pid, "VmRSS"), 0);
}

/** A process that has answered enough requests to stop growing. */
async function warm(server: ServerProcess, peer: Peer): Promise<Load> {
  const load = { ...helloLoad(peer), warmUp: 0 };
  await runLoad(server.socket, { ...load, requests: 8_000 });
  return load;
}

async function idleConnections(server: ServerProcess, peer: Peer): Promise<number> {
  const load = await warm(server, peer);
  const before = residentOf(server);
  const held = await holdLoad(server.socket, { ...load, connections: CONNECTIONS, requests: CONNECTIONS });
  const after = residentOf(server);
  await held.release();
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

function peakOf(request: RequestFacts): Measure {
  const expect = request.body ?? Buffer.alloc(64 * LARGE.length, LARGE);
  return async (server, peer) => {
    const load = loadOf(peer, { request, expect, seconds: 1, warmUp: 0 });
    const [pid = 0] = server.pids();
    forgetPeak(pid);
    const slowReader = request.body ? undefined : { bytes: 16 * 1024, pause: 500 };
    await runLoad(server.socket, { ...load, warmUp: 0, requests: 1, slowReader });
    return memoryOf(pid, "VmHWM") / 1024;
  };
}
