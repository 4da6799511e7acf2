import type { Case, Contender } from "../case.js";
import { HELLO } from "../peers/bodies.js";
import { peers, type Peer } from "../peers.js";
import { served, servedMetrics } from "../served.js";

const { expressTricorn, expressHttp, honoTricorn, honoHttp, honoTricornPlatform, honoHttpPlatform } = peers;

const COUNTED = 6_000;

/** Applications of other frameworks over FastCGI, compared with their own HTTP servers. */
export function adapterCases(): Case[] {
  const those = (list: readonly Peer[]): Contender[] =>
    list.map((peer) =>
      served(peer, { request: { target: "/hello" }, expect: HELLO, slice: 1_500, counted: COUNTED }),
    );
  return [
    {
      name: "express",
      title: "An Express application's hello, one kept connection",
      metrics: servedMetrics,
      contenders: those([expressTricorn, expressHttp]),
      counted: COUNTED,
    },
    {
      // Both with their fast path, which is the default of Hono's own server; and both without.
      name: "hono",
      title: "A Hono application's hello, one kept connection",
      metrics: servedMetrics,
      contenders: those([honoTricorn, honoHttp, honoTricornPlatform, honoHttpPlatform]),
      counted: COUNTED,
    },
  ];
}
