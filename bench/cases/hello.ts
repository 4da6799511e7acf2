import { cpus } from "node:os";

import type { Case } from "../case.js";
import { HELLO } from "../peers/bodies.js";
import { peers, type Peer } from "../peers.js";
import { served, servedMetrics, type ServedCase } from "../served.js";

const { tricorn, raw, libfcgi, php, go, nodeFastCgi, nodeHttp, fastify } = peers;

/** With many connections the load generator has its own core, so that the server is always busy. */
const otherCore = Math.min(1, cpus().length - 1);

/** The smallest request, over connections of every kind. */
export function helloCases(seconds: number): Case[] {
  const facts: ServedCase = {
    request: { target: "/hello" },
    expect: HELLO,
    seconds,
    warmUp: 15_000,
    mode: "hello",
  };
  const those = (list: readonly Peer[], options: Partial<ServedCase> = {}) =>
    list.map((peer) => served(peer, { ...facts, ...options }));
  return [
    {
      name: "hello",
      title: "Hello, one kept connection",
      metrics: servedMetrics,
      contenders: those([tricorn, raw, libfcgi, php, go, nodeFastCgi, nodeHttp, fastify]),
      goals: [
        { metric: "cpu", against: raw.name, atMost: 1.35 },
        { metric: "cpu", against: nodeHttp.name, atMost: 0.85 },
      ],
    },
    {
      name: "hello-16",
      title: "Hello, 16 kept connections, the load on a separate core",
      metrics: servedMetrics,
      contenders: those([tricorn, raw, php, go, nodeFastCgi, nodeHttp, fastify], {
        connections: 16,
        processes: 16,
        core: otherCore,
      }),
      goals: [
        { metric: "cpu", against: raw.name, atMost: 1.45 },
        { metric: "throughput", against: nodeHttp.name, atLeast: 1.35 },
        { metric: "throughput", against: nodeFastCgi.name, atLeast: 6 },
        { metric: "throughput", against: go.name, atLeast: 4.5 },
      ],
    },
    {
      name: "hello-multiplexed",
      title: "Hello, 32 requests multiplexed on one connection",
      metrics: servedMetrics,
      contenders: those([tricorn, raw, go, nodeFastCgi], { inFlight: 32 }),
      goals: [
        { metric: "cpu", against: raw.name, atMost: 5 },
        { metric: "cpu", against: go.name, atMost: 1 / 15 },
      ],
    },
    {
      name: "hello-new-connections",
      title: "Hello, a new connection for each request",
      metrics: servedMetrics,
      contenders: those([tricorn, raw, libfcgi, php, go, nodeFastCgi, nodeHttp, fastify], {
        request: { target: "/hello", close: true },
        mode: "close",
        warmUp: 5_000,
      }),
      goals: [
        { metric: "cpu", against: raw.name, atMost: 1 },
        { metric: "cpu", against: nodeFastCgi.name, atMost: 0.3 },
      ],
    },
  ];
}
