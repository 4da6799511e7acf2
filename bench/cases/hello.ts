import type { Case } from "../case.js";
import { HELLO } from "../peers/bodies.js";
import { peers, type Peer } from "../peers.js";
import { otherCore, served, servedMetrics, type ServedCase } from "../served.js";

const { tricorn, tricornScgi, raw, libfcgi, php, go, nodeFastCgi, nodeHttp, fastify } = peers;

/** MiB of objects that a real application may hold. */
export const LIVE_HEAP = 100;

/** The smallest request, over connections of every kind. */
export function helloCases(): Case[] {
  const facts: ServedCase = { request: { target: "/hello" }, expect: HELLO, slice: 1_500, counted: 6_000 };
  const those = (list: readonly Peer[], options: Partial<ServedCase> = {}) =>
    list.map((peer) => served(peer, { ...facts, ...options }));
  return [
    {
      name: "hello",
      title: "Hello, one kept connection",
      metrics: servedMetrics,
      contenders: those([tricorn, raw, libfcgi, php, go, nodeFastCgi, nodeHttp, fastify]),
      counted: facts.counted,
    },
    {
      name: "hello-16",
      title: "Hello, 16 kept connections, the load on a separate core",
      metrics: servedMetrics,
      // So that the server is always busy.
      contenders: those([tricorn, raw, php, go, nodeFastCgi, nodeHttp, fastify], {
        connections: 16,
        core: otherCore,
      }),
      counted: facts.counted,
    },
    {
      name: "hello-multiplexed",
      title: "Hello, 32 requests multiplexed on one connection",
      metrics: servedMetrics,
      contenders: those([tricorn, raw, go, nodeFastCgi], { inFlight: 32 }),
      counted: facts.counted,
    },
    {
      name: "hello-new-connections",
      title: "Hello, a new connection for each request",
      metrics: servedMetrics,
      contenders: those([tricorn, tricornScgi, raw, libfcgi, php, go, nodeFastCgi, nodeHttp, fastify], {
        request: { target: "/hello", close: true },
        door: "close",
        slice: 500,
        counted: 5_000,
      }),
      counted: 5_000,
    },
    {
      name: "hello-live-heap",
      title: `Hello, one kept connection, beside ${LIVE_HEAP} MiB of live objects`,
      metrics: servedMetrics,
      contenders: those([tricorn, raw, nodeHttp, fastify], { liveHeap: LIVE_HEAP }),
      counted: facts.counted,
    },
  ];
}
