import { z } from "zod";

import type { MessageToMaster } from "./channel.js";

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
  z.object({ kind: z.literal("report"), id: Id, statistics: Statistics, load: Amount }),
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
