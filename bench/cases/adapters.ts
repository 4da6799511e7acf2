import type { Case, Contender } from "../case.js";
import { HELLO } from "../peers/bodies.js";
import { peers, type Peer } from "../peers.js";
import { served, servedMetrics } from "../served.js";

const { expressTricorn, expressHttp, honoTricorn, honoHttp, honoTricornPlatform, honoHttpPlatform } = peers;

/** Applications of other frameworks over FastCGI, compared with their own HTTP servers. */
export function adapterCases(seconds: number): Case[] {
  const those = (list: readonly Peer[]): Contender[] =>
    list.map((peer) =>
      served(peer, { request: { target: "/hello" }, expect: HELLO, seconds, warmUp: 30_000 }),
    );
  return [
    {
      name: "express",
      title: "An Express application's hello, one kept connection",
      metrics: servedMetrics,
      contenders: those([expressTricorn, expressHttp]),
      goals: [{ metric: "cpu", against: expressHttp.name, atMost: 1.1 }],
    },
    {
      // Both with their fast path, which is the default of Hono's own server; and both without.
      name: "hono",
      title: "A Hono application's hello, one kept connection",
      metrics: servedMetrics,
      contenders: those([honoTricorn, honoHttp, honoTricornPlatform, honoHttpPlatform]),
      goals: [{ metric: "cpu", against: honoHttp.name, atMost: 1.1 }],
    },
  ];
}
