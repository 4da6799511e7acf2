import { Role } from "tricorn/protocol";

import type { Case } from "../case.js";
import { LARGE } from "../peers/bodies.js";
import { peers, type Peer } from "../peers.js";
import { served, servedMetrics, type ServedCase } from "../served.js";

const { tricorn, libfcgi, php, nodeFastCgi, nodeHttp } = peers;

/** The roles beside the responder, by their native doors. */
export function roleCases(seconds: number): Case[] {
  const those = (list: readonly Peer[], options: Omit<ServedCase, "seconds">) =>
    list.map((peer) => served(peer, { ...options, seconds }));
  return [
    {
      name: "authorizer",
      title: "Authorizer, allow with one variable (node:http answers as auth_request would ask it)",
      metrics: servedMetrics,
      contenders: those([tricorn, libfcgi, php, nodeFastCgi, nodeHttp], {
        request: { target: "/authorize", role: Role.Authorizer },
        expect: "",
        field: "Variable-AUTH_USER: ada",
        mode: "authorizer",
        warmUp: 15_000,
      }),
      goals: [{ metric: "cpu", against: libfcgi.name, atMost: 1.6 }],
    },
    {
      name: "filter",
      title: "Filter, upper case of 1 MiB",
      metrics: servedMetrics,
      contenders: those([tricorn, libfcgi, nodeFastCgi], {
        request: { target: "/file.txt", role: Role.Filter, data: LARGE },
        expect: LARGE.toString("latin1").toUpperCase(),
        warmUp: 150,
      }),
      goals: [{ metric: "cpu", against: libfcgi.name, atMost: 1.5 }],
    },
  ];
}
