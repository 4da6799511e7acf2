import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Role } from "tricorn/protocol";

import type { Case, Contender } from "../case.js";
import { LARGE } from "../peers/bodies.js";
import { peers, type Peer } from "../peers.js";
import { served, servedMetrics, type ServedCase } from "../served.js";
import { freshPath } from "../workplace.js";

const { tricorn, tricornUncached, raw, libfcgi, php, nodeFastCgi, nodeHttp } = peers;

/** The other roles, by their native protocol. */
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
    {
      name: "filter-bridge",
      title:
        "Filter over the responder role, upper case of a file of 1 MiB, from the cache (raw writes a ready 1 MiB)",
      metrics: servedMetrics,
      contenders: [
        filtering(tricorn, { seconds, mode: "cached" }),
        filtering(tricornUncached, { seconds }),
        served(raw, {
          request: { target: "/file.txt" },
          expect: LARGE,
          seconds,
          warmUp: 1_000,
          mode: "large",
        }),
      ],
      goals: [],
    },
  ];
}

/** A server that looks up the file itself. */
function filtering(
  peer: Peer,
  { seconds, mode }: { readonly seconds: number; readonly mode?: string },
): Contender {
  const folder = freshPath("filtered");
  mkdirSync(folder);
  writeFileSync(join(folder, "file.txt"), LARGE);
  return served(peer, {
    request: { target: "/file.txt" },
    expect: LARGE.toString("latin1").toUpperCase(),
    seconds,
    warmUp: 200,
    mode,
    folder,
  });
}
