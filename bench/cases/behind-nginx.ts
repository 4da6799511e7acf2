import type { Case, Contender, Metric } from "../case.js";
import { runLoad } from "../load.js";
import { startNginx } from "../nginx.js";
import { HELLO, LARGE } from "../peers/bodies.js";
import { peers, startPeer, type Peer } from "../peers.js";
import { loadOf, measurementOf, servedMetrics, type ServedCase } from "../served.js";

const { tricorn, raw, php, go, nodeHttp, fastify } = peers;

const metrics: readonly Metric[] = [
  { key: "cpu", label: "CPU per request, both", unit: "µs" },
  { key: "backend", label: "backend", unit: "µs" },
  { key: "nginx", label: "nginx", unit: "µs" },
  ...servedMetrics.filter(({ key }) => key !== "cpu" && key !== "memory"),
];

/** A whole deployment: nginx in front of Tricorn by fastcgi_pass, or of the alternatives by proxy_pass. */
export function nginxCases(seconds: number): Case[] {
  const those = (list: readonly Peer[], options: Omit<ServedCase, "seconds">) =>
    list.map((peer) => behindNginx(peer, { ...options, seconds }));
  const hello = { request: { target: "/hello" }, expect: HELLO, mode: "hello", warmUp: 5_000 };
  const body = LARGE.subarray(0, 64 * 1024);
  const goal = (atMost: number) => [{ metric: "cpu", against: nodeHttp.name, atMost }];
  return [
    {
      name: "nginx-hello",
      title: "Hello through nginx, one connection",
      metrics,
      contenders: those([tricorn, raw, php, go, nodeHttp, fastify], hello),
      goals: goal(0.85),
    },
    {
      name: "nginx-hello-16",
      title: "Hello through nginx, 16 connections",
      metrics,
      contenders: those([tricorn, raw, php, go, nodeHttp, fastify], {
        ...hello,
        connections: 16,
        processes: 16,
      }),
      goals: goal(0.93),
    },
    {
      name: "nginx-echo",
      title: "Echo of 64 KiB through nginx",
      metrics,
      contenders: those([tricorn, raw, php, go, nodeHttp, fastify], {
        request: { target: "/echo", body },
        expect: body,
        mode: "echo",
        warmUp: 1_000,
      }),
      goals: goal(0.75),
    },
  ];
}

/** A server behind nginx. */
function behindNginx(peer: Peer, options: ServedCase): Contender {
  return {
    name: peer.name,
    start: async () => {
      const backend = await startPeer(peer, options);
      const nginx = await startNginx(backend.socket, peer.protocol);
      const load = loadOf({ protocol: "http" }, options);
      await runLoad(nginx.socket, { ...load, requests: options.warmUp });
      return {
        measure: async () => {
          const result = await runLoad(nginx.socket, load, [...backend.pids(), ...nginx.pids()]);
          const share = (pids: readonly number[]): number =>
            pids.reduce((sum, pid) => sum + result.cpu[pid]!, 0) / result.requests;
          return {
            ...measurementOf(result),
            backend: share(backend.pids()),
            nginx: share(nginx.pids()),
          };
        },
        stop: async () => {
          await nginx.stop();
          await backend.stop();
        },
      };
    },
  };
}
