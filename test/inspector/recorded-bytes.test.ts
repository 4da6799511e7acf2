import { connect } from "node:net";
import { expect, test } from "vitest";

import type { ConversationDetail, RequestDetail } from "../../src/inspector/views.js";
import { allow } from "../../src/roles/verdict.js";
import { http } from "../gateway/support/http.js";
import { deferred, responder, serveDefinitions } from "../support/served.js";
import { openInspected, type Inspected } from "./support/inspected.js";
import { openRecordingProxy, type PassedRecord } from "./support/recording-proxy.js";

const TYPES = [
  "BEGIN_REQUEST",
  "ABORT_REQUEST",
  "END_REQUEST",
  "PARAMS",
  "STDIN",
  "STDOUT",
  "STDERR",
  "DATA",
  "GET_VALUES",
  "GET_VALUES_RESULT",
];

/** The records of one conversation, as the inspector shows them. */
async function shown(inspected: Inspected, { number, records }: ConversationDetail): Promise<string[]> {
  const lines: string[] = [];
  for (const { index } of records) {
    const { direction, type, requestId, length, padding, bytes, missing } = await inspected.record(
      number,
      index,
    );
    expect(missing).toBe(0);
    lines.push(`${direction} ${type} ${requestId} ${length}+${padding} ${bytes.slice(0, 64).join("")}`);
  }
  return lines;
}

/** Records as a proxy has seen them. */
function passed(records: readonly PassedRecord[]): string[] {
  return records.map(
    ({ direction, type, id, content, padding }) =>
      `${direction} ${TYPES[type - 1]} ${id} ${content.length}+${padding.length} ` +
      content.subarray(0, 64).toString("hex"),
  );
}

/** Splits the records of a connection into conversations: its management records, and the requests in the order of their begin. */
function conversationsIn(records: readonly PassedRecord[]): PassedRecord[][] {
  const all: PassedRecord[][] = [[]];
  const current = new Map([[0, all[0]!]]);
  for (const record of records) {
    if (record.type === 1) {
      const conversation: PassedRecord[] = [];
      all.push(conversation);
      current.set(record.id, conversation);
    }
    current.get(record.id)!.push(record);
  }
  return all;
}

/** The order of two directions is not the same for a proxy: each is compared alone. */
function byDirection(lines: readonly string[]): string[][] {
  return ["sent", "received"].map((direction) => lines.filter((line) => line.startsWith(direction)));
}

/** Sends a GET, and closes the connection later. */
async function leaveAfter(event: Promise<unknown>, url: string): Promise<void> {
  const { port, pathname } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await event;
  socket.resetAndDestroy();
}

test("the inspector shows the records that a proxy sees: three roles, multiplexed, an abort", async () => {
  const waiting = deferred();
  const enough = deferred();
  const { address } = await serveDefinitions([
    {
      kind: "authorizer",
      name: "Gate",
      paths: ["/members/**"],
      authorize: () => allow({ AUTH_USER: "ada" }),
    },
    {
      kind: "filter",
      name: "Shout",
      paths: ["*.txt"],
      filter: async function* ({ data }) {
        for await (const piece of data) yield Buffer.from(piece).toString("latin1").toUpperCase();
      },
    },
    responder({
      "POST /echo": ({ body }) => body.stream(),
      "GET /hangs": () => {
        waiting.resolve();
        return new Promise(() => {});
      },
    }),
  ]);
  const proxy = await openRecordingProxy(address);
  const inspected = await openInspected({
    address: proxy.port,
    files: { "members/card.txt": "card ".repeat(30_000) },
    routes: { protect: ["/members/**"], filter: ["*.txt"], respond: ["/echo", "/hangs"] },
    client: { maxConnections: 1, multiplex: true },
    inspector: { limits: { streamBytes: 200_000 } },
  });
  const { url } = inspected;
  const hanging = leaveAfter(enough.promise, `${url}/hangs`);
  await waiting.promise;
  // While the first request is active, so that all share the connection.
  const answers = await Promise.all([
    http(url, "/members/card.txt"),
    http(url, "/echo", { method: "POST", body: Buffer.alloc(100_000, "b") }),
  ]);
  expect(answers.map(({ status, bytes }) => [status, bytes.length])).toEqual([
    [200, 150_000],
    [200, 100_000],
  ]);
  enough.resolve();
  await hanging;
  const details: RequestDetail[] = [];
  for (const { number } of await inspected.requests()) details.push(await inspected.request(number));
  await expect.poll(() => proxy.connections[0]!.filter(({ type }) => type === 3).length).toBe(4);

  expect(proxy.connections).toHaveLength(1);
  const [, ...expected] = conversationsIn(proxy.connections[0]!);
  const actual = details.flatMap(({ questions }) => questions.flatMap(({ conversations }) => conversations));
  expect(actual.map(({ connection }) => connection)).toEqual([1, 1, 1, 1]);
  // By request id and role: the requests do not begin in the order of their HTTP requests.
  const seen = await Promise.all(actual.map((conversation) => shown(inspected, conversation)));
  const order = (lines: string[][]): string[][][] =>
    lines.toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)).map(byDirection);
  expect(order(seen)).toEqual(order(expected.map(passed)));
  const types = seen.flat().join("\n");
  for (const type of ["ABORT_REQUEST", "STDIN", "DATA", "STDOUT", "END_REQUEST"])
    expect(types).toContain(type);
});
