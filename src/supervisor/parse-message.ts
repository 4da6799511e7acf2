import { z } from "zod";

import type { MessageToMaster } from "./channel.js";
import { DURATION_BOUNDS } from "./duration-histogram.js";
import { MOST_NAMES, MOST_SERIES } from "./request-counts.js";
import { MOST_SLOW } from "./slowest-requests.js";

/** Connections and requests that a worker numbers. */
const Id = z.number().int().min(0);
const Amount = z.number().min(0);
const Text = z.string();

const Failure = z.object({ sentence: Text, details: z.array(Text) });
const Statistics = z.object({
  rss: Amount,
  requests: Amount,
  refusals: Amount,
  connections: Amount,
  activeCount: Id,
  lag: Amount.optional(),
  active: z.array(
    z.object({
      role: Text,
      method: Text,
      path: Text,
      route: Text.optional(),
      standsAt: Text.optional(),
      age: z.number(),
    }),
  ),
});

const Counts = (most: number) => z.array(z.tuple([Text, Id])).max(most);
const Observed = z.object({
  series: z
    .array(
      z.object({
        role: Text,
        route: Text,
        status: Text,
        failed: Id,
        took: Amount,
        durations: z.array(z.tuple([Id.max(DURATION_BOUNDS.length), Id])).max(DURATION_BOUNDS.length + 1),
      }),
    )
    .max(MOST_SERIES + 1),
  decisions: z.array(z.tuple([Text, z.object({ allowed: Id, denied: Id })])).max(MOST_NAMES + 1),
  refusals: Counts(MOST_NAMES + 1),
  protocolErrors: Counts(MOST_NAMES + 1),
  aborted: Id,
  bytesIn: Id,
  bytesOut: Id,
  slow: z
    .array(
      z.object({
        id: Text,
        role: Text,
        method: Text,
        path: Text,
        route: Text.optional(),
        startedAt: Amount,
        duration: Amount,
        status: z.number().optional(),
        standsAt: Text.optional(),
      }),
    )
    .max(MOST_SLOW),
  lag: Amount,
});
const Owner = z.union([z.number(), Text]).optional();
const Access = z.object({ mode: z.number().optional(), owner: Owner, group: Owner });

const Message = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("prepared"), access: Access, shutdown: Amount }),
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("failed"), failure: Failure }),
  z.object({ kind: z.literal("leaving") }),
  z.object({ kind: z.literal("stopped") }),
  z.object({ kind: z.literal("empty") }),
  z.object({ kind: z.literal("connection"), id: Id, unread: z.base64(), rate: Amount.optional() }),
  z.object({ kind: z.literal("accepted"), id: Id }),
  z.object({ kind: z.literal("declined"), id: Id }),
  z.object({ kind: z.literal("released"), id: Id }),
  z.object({ kind: z.literal("reading"), id: Id }),
  z.object({ kind: z.literal("withdrawn"), id: Id }),
  z.object({ kind: z.literal("socket") }),
  z.object({ kind: z.literal("orphan"), pid: Id }),
  z.object({
    kind: z.literal("report"),
    id: Id,
    statistics: Statistics,
    load: Amount,
    observed: Observed.optional(),
  }),
  z.object({ kind: z.literal("observed"), observed: Observed }),
]);

const kinds: ReadonlySet<unknown> = new Set(Message.options.flatMap(({ shape }) => [...shape.kind.values]));

/**
 * Checks what a worker has sent: the program in it can send anything, and the master must not end by it.
 *
 * @returns the message; the fact that makes it invalid; undefined for what is none of our messages
 */
export function parseMessageToMaster(body: unknown): MessageToMaster | { readonly fact: string } | undefined {
  if (typeof body !== "object" || body === null || !kinds.has((body as { kind?: unknown }).kind))
    return undefined;
  const { success, data, error } = Message.safeParse(body);
  if (success) return data;
  const [issue] = error.issues;
  return { fact: `${issue?.path.join(".")}: ${issue?.message}` };
}
