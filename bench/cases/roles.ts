import { Role } from "tricorn/protocol";

import type { Case, Contender } from "../case.js";
import { LARGE } from "../peers/bodies.js";
import { peers, type Peer } from "../peers.js";
import { served, servedMetrics, type ServedCase } from "../served.js";

const { tricorn, raw, libfcgi, php, nodeFastCgi, nodeHttp } = peers;

/** 1 MiB of whole lines. */
const FILE = LARGE.subarray(0, LARGE.lastIndexOf("\n") + 1);
const FILTERED = upperCased(FILE);
const CACHED = upperCased(LARGE);
const FILTERS = 20;
const COUNTED_FILTERS = 500;

function upperCased(text: Buffer): Buffer {
  return Buffer.from(text.toString("latin1").toUpperCase(), "latin1");
}

/** The other roles, by their native protocol. */
export function roleCases(): Case[] {
  const those = (list: readonly Peer[], options: ServedCase) => list.map((peer) => served(peer, options));
  /** libfcgi does the same in all of them. */
  const filter = (name: string, { title, target }: FilterCase): Case => ({
    name,
    title: `Filter, upper case of 1 MiB: ${title}`,
    metrics: servedMetrics,
    contenders: those(target === "/file.txt" ? [tricorn, libfcgi, nodeFastCgi] : [tricorn, libfcgi], {
      request: { target, role: Role.Filter, data: FILE },
      expect: FILTERED,
      slice: FILTERS,
      counted: COUNTED_FILTERS,
    }),
    counted: COUNTED_FILTERS,
  });
  return [
    {
      name: "authorizer",
      title: "Authorizer, allow with one variable (node:http answers as auth_request would ask it)",
      metrics: servedMetrics,
      contenders: those([tricorn, libfcgi, php, nodeFastCgi, nodeHttp], {
        request: { target: "/authorize", role: Role.Authorizer },
        expect: "",
        field: "Variable-AUTH_USER: ada",
        door: "authorizer",
        slice: 1_500,
        counted: 6_000,
      }),
      counted: 6_000,
    },
    filter("filter", { title: "bytes by `for await` and `yield`", target: "/file.txt" }),
    filter("filter-transform", { title: "bytes by a `TransformStream`", target: "/file.transformed" }),
    filter("filter-lines", { title: "text by `lines(data)`", target: "/file.lines" }),
    filter("filter-text", { title: "text by a `TextDecoderStream`", target: "/file.text" }),
  ];
}

interface FilterCase {
  readonly title: string;
  readonly target: string;
}

/** Filters over the responder role. Tricorn looks up the file; raw writes a ready body of its length. */
export function bridgeCases(): Case[] {
  const filtering = (peer: Peer, options: Partial<ServedCase> = {}): Contender =>
    served(peer, {
      request: { target: "/file.txt" },
      expect: CACHED,
      slice: 200,
      counted: 2_000,
      ...options,
    });
  const uncached = { ...tricorn, name: "Tricorn, no cache" };
  return [
    {
      name: "filter-cached",
      title: "Filter over the responder role, upper case of a file of 1 MiB, from the cache",
      metrics: servedMetrics,
      contenders: [
        filtering(tricorn, { door: "cached" }),
        filtering(raw, { door: "large", expect: LARGE }),
        filtering(uncached, { door: "uncached" }),
      ],
      counted: 2_000,
    },
    {
      name: "filter-range",
      title: "The same, a range of 64 KiB",
      metrics: servedMetrics,
      contenders: [
        filtering(tricorn, {
          request: { target: "/file.txt", fields: [["Range", "bytes=100000-165535"]] },
          expect: CACHED.subarray(100_000, 165_536),
          status: 206,
          door: "cached",
          slice: 500,
        }),
      ],
      counted: 2_000,
    },
  ];
}
