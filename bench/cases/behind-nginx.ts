import type { Case, Contender, Metric } from "../case.js";
import { longLived } from "../fleet.js";
import { startNginx } from "../nginx.js";
import { HELLO } from "../peers/bodies.js";
import { peers, type Peer } from "../peers.js";
import {
  loadOf,
  measurementOf,
  sliceOf,
  socketOf,
  timeMetrics,
  warmRun,
  type LoadOptions,
} from "../served.js";
import { ECHOED } from "./bodies.js";

const { tricorn, raw, php, go, nodeHttp, fastify } = peers;

const metrics: readonly Metric[] = [
  { key: "cpu", label: "CPU per request, both", unit: "µs" },
  { key: "backend", label: "backend", unit: "µs" },
  { key: "nginx", label: "nginx", unit: "µs" },
  ...timeMetrics.filter(({ key }) => key !== "cpu"),
];

interface NginxCase extends LoadOptions {
  readonly door?: string;
  readonly slice: number;
}

/** A whole deployment: nginx in front of Tricorn by fastcgi_pass, or of the alternatives by proxy_pass. */
export function nginxCases(): Case[] {
  const contendersOf = (options: NginxCase): Contender[] =>
    [tricorn, raw, php, go, nodeHttp, fastify].map((peer) => behindNginx(peer, options));
  const hello = { request: { target: "/hello" }, expect: HELLO, slice: 1_000 };
  return [
    {
      name: "nginx-hello",
      title: "Hello through nginx, one connection",
      metrics,
      contenders: contendersOf(hello),
    },
    {
      name: "nginx-hello-16",
      title: "Hello through nginx, 16 connections",
      metrics,
      contenders: contendersOf({ ...hello, connections: 16 }),
    },
    {
      name: "nginx-echo",
      title: "Echo of 64 KiB through nginx: `@Body.stream()` returned",
      metrics,
      contenders: contendersOf({
        request: { target: "/echo", body: ECHOED },
        expect: ECHOED,
        door: "echo",
        slice: 300,
      }),
    },
  ];
}

/** A server behind nginx. */
function behindNginx(peer: Peer, { door, slice, ...options }: NginxCase): Contender {
  const server = longLived(peer);
  return {
    name: peer.name,
    server,
    start: async (warmUp) => {
      const backend = await server.start();
      const nginx = await startNginx(socketOf(backend, peer, door), peer.protocol);
      const warm = {
        pids: () => [...backend.pids(), ...nginx.pids()],
        requests: warmUp * slice,
      };
      const run = await warmRun(nginx.socket, loadOf({ protocol: "http" }, options), warm);
      return {
        measure: async () => {
          const result = await run.slice(sliceOf(slice));
          const share = (pids: readonly number[]): number =>
            pids.reduce((sum, pid) => sum + result.cpu[pid]!, 0) / result.requests;
          return {
            ...measurementOf(result),
            backend: share(backend.pids()),
            nginx: share(nginx.pids()),
          };
        },
        stop: async () => {
          await run.close();
          await nginx.stop();
        },
      };
    },
  };
}
