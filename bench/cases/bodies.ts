import type { Case } from "../case.js";
import { LARGE } from "../peers/bodies.js";
import { peers, type Peer } from "../peers.js";
import { served, servedMetrics, type ServedCase } from "../served.js";
import { LIVE_HEAP } from "./hello.js";

const { tricorn, raw, libfcgi, php, go, nodeFastCgi, nodeHttp, fastify } = peers;

/** 64 KiB. */
export const ECHOED: Buffer = LARGE.subarray(0, 64 * 1024);

/** Cases in which a handler reads or sends more than a greeting. */
export function bodyCases(): Case[] {
  const those = (list: readonly Peer[], options: ServedCase) => list.map((peer) => served(peer, options));
  const all = [tricorn, raw, libfcgi, php, go, nodeFastCgi, nodeHttp, fastify];
  const echo = (target: string, options: Partial<ServedCase> = {}): ServedCase => ({
    request: { target, body: ECHOED },
    expect: ECHOED,
    door: "echo",
    slice: 500,
    counted: 8_000,
    ...options,
  });
  return [
    {
      name: "json",
      title: "JSON route, path and query checked by a schema",
      metrics: servedMetrics,
      contenders: those([tricorn, fastify], {
        request: { target: "/items/42?page=3&size=20&sort=year" },
        expect: '{"id":42,"name":"A thing of some kind","page":3,"size":20,"sort":"year"}',
        slice: 1_500,
        counted: 6_000,
      }),
      counted: 6_000,
    },
    {
      name: "echo",
      title: "Echo of 64 KiB: `@Body.stream()` returned",
      metrics: servedMetrics,
      contenders: those(all, echo("/echo")),
      counted: 8_000,
    },
    {
      name: "echo-iterated",
      title: "Echo of 64 KiB: `for await (const piece of body) yield piece`",
      metrics: servedMetrics,
      contenders: those([tricorn, raw, nodeHttp], echo("/iterated")),
      counted: 8_000,
    },
    {
      name: "echo-piped",
      title: "Echo of 64 KiB: `Readable.fromWeb(body).pipe(new PassThrough())`",
      metrics: servedMetrics,
      contenders: those([tricorn, raw, nodeHttp], echo("/piped")),
      counted: 8_000,
    },
    {
      name: "collect",
      title: "Echo of 64 KiB: `@Body.bytes()` returned",
      metrics: servedMetrics,
      contenders: those([tricorn, raw, nodeFastCgi, nodeHttp, fastify], echo("/collect")),
      counted: 8_000,
    },
    {
      name: "echo-live-heap",
      title: `Echo of 64 KiB: \`@Body.stream()\` returned, beside ${LIVE_HEAP} MiB of live objects`,
      metrics: servedMetrics,
      contenders: those([tricorn, raw, nodeHttp, fastify], echo("/echo", { liveHeap: LIVE_HEAP })),
      counted: 8_000,
    },
    {
      name: "large",
      title: "Response of 1 MiB",
      metrics: servedMetrics,
      contenders: those(all, {
        request: { target: "/large" },
        expect: LARGE,
        door: "large",
        slice: 200,
        counted: 2_000,
      }),
      counted: 2_000,
    },
  ];
}
