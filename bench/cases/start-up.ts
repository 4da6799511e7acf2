import { once } from "node:events";
import { connect } from "node:net";

import type { Case, Contender } from "../case.js";
import { peers, startPeer, type Peer } from "../peers.js";
import { formatRequest, withId } from "../request.js";
import { cpuOf } from "../server-process.js";

const { helloTricorn, helloHttp, raw, go, nodeFastCgi, fastify } = peers;

/** From process start to the first byte of the first answer; Tricorn and node:http in their smallest programs. */
export function startUpCases(): Case[] {
  return [
    {
      name: "start-up",
      title: "From the start of the process to its first answer",
      metrics: [
        { key: "time", label: "time", unit: "ms" },
        { key: "cpu", label: "CPU", unit: "ms" },
      ],
      contenders: [helloTricorn, helloHttp, raw, go, nodeFastCgi, fastify].map(starting),
      rounds: 7,
    },
  ];
}

function starting(peer: Peer): Contender {
  const { protocol } = peer;
  const bytes = formatRequest(protocol, { target: "/hello" });
  const request = protocol === "fastcgi" ? withId(bytes, 1) : bytes;
  const measure = async () => {
    const started = performance.now();
    const server = await startPeer(peer);
    try {
      const socket = connect(server.socket);
      socket.write(request);
      await once(socket, "data");
      const time = performance.now() - started;
      socket.destroy();
      return { time, cpu: server.pids().reduce((sum, pid) => sum + cpuOf(pid), 0) };
    } finally {
      await server.stop();
    }
  };
  return { name: peer.name, start: () => Promise.resolve({ measure, stop: () => Promise.resolve() }) };
}
