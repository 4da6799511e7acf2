import type { Case } from "../case.js";
import { LARGE } from "../peers/bodies.js";
import { peers, type Peer } from "../peers.js";
import { served, servedMetrics, type ServedCase } from "../served.js";

const { tricorn, raw, libfcgi, php, go, nodeFastCgi, nodeHttp, fastify } = peers;

/** Cases in which a handler reads or sends more than a greeting. */
export function payloadCases(seconds: number): Case[] {
  const those = (list: readonly Peer[], options: Omit<ServedCase, "seconds">) =>
    list.map((peer) => served(peer, { ...options, seconds }));
  const all = [tricorn, raw, libfcgi, php, go, nodeFastCgi, nodeHttp, fastify];
  const body = LARGE.subarray(0, 64 * 1024);
  return [
    {
      name: "json",
      title: "JSON route, path and query checked by a schema",
      metrics: servedMetrics,
      contenders: those([tricorn, fastify], {
        request: { target: "/items/42?page=3&size=20&sort=year" },
        expect: '{"id":42,"name":"A thing of some kind","page":3,"size":20,"sort":"year"}',
        warmUp: 15_000,
      }),
      goals: [{ metric: "cpu", against: fastify.name, atMost: 0.85 }],
    },
    {
      name: "echo",
      title: "Echo of 64 KiB, as it comes",
      metrics: servedMetrics,
      contenders: those(all, {
        request: { target: "/echo", body },
        expect: body,
        mode: "echo",
        warmUp: 3_000,
      }),
      goals: [{ metric: "cpu", against: raw.name, atMost: 1.15 }],
    },
    {
      name: "collect",
      title: "Echo of 64 KiB, collected in one buffer",
      metrics: servedMetrics,
      contenders: those([tricorn, nodeFastCgi, nodeHttp, fastify], {
        request: { target: "/collect", body },
        expect: body,
        warmUp: 3_000,
      }),
      goals: [],
    },
    {
      name: "large",
      title: "Response of 1 MiB",
      metrics: servedMetrics,
      contenders: those(all, {
        request: { target: "/large" },
        expect: LARGE,
        mode: "large",
        warmUp: 1_000,
      }),
      goals: [{ metric: "cpu", against: raw.name, atMost: 1.15 }],
    },
  ];
}
