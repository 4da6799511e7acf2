import fc from "fast-check";
import { expect, test } from "vitest";

import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { allow, deny } from "../../src/roles/verdict.js";
import { Server } from "../../src/server/server.js";
import { MemoryTransport } from "../support/memory-transport.js";
import {
  Type,
  abort,
  authorize,
  begin,
  filter,
  get,
  pairs,
  params,
  post,
  record,
  stdin,
  variablesOf,
} from "../support/records.js";
import { capturedLog, responder, turns } from "../support/served.js";

const definitions = [
  responder({
    "GET /now": () => "now",
    "GET /soon": async () => (await turns(1), { soon: true }),
    "POST /echo": ({ body }) => body.text(),
    "POST /pass": ({ body }) => body.stream(),
    "GET /throw": () => {
      throw new Error("thrown");
    },
    "GET /hang": () => new Promise(() => undefined),
  }),
  {
    kind: "authorizer" as const,
    name: "Gate",
    paths: [],
    authorize: ({ path }: { path: string }) => (path === "/in" ? allow({ USER: "alice" }) : deny(401)),
  },
  {
    kind: "filter" as const,
    name: "Upper",
    paths: ["*"],
    filter: async function* ({ data }: { data: AsyncIterable<Uint8Array> }) {
      for await (const piece of data) yield Buffer.from(piece).toString().toUpperCase();
    },
  },
];

const late = variablesOf("/echo", { REQUEST_METHOD: "POST", X: "x".repeat(200) });
const conversation = Buffer.concat([
  record(Type.getValues, 0, pairs({ FCGI_MPXS_CONNS: "" })),
  get(1, "/now"),
  begin(2),
  begin(3),
  record(Type.params, 2, pairs(late).subarray(0, 30), 3),
  params(3, variablesOf("/pass", { REQUEST_METHOD: "POST" })),
  record(Type.stdin, 3, "first", 255),
  record(77, 0, "unknown"),
  record(Type.params, 2, pairs(late).subarray(30), 1),
  record(Type.stdin, 3, "second"),
  record(Type.params, 2),
  stdin(2, "a body\n".repeat(30)),
  stdin(3, "third"),
  authorize(4, "/in"),
  authorize(5, "/out"),
  record(Type.stdin, 9, "of an inactive id", 9),
  get(6, "/hang"),
  filter(7, "/file", "some text in a file"),
  abort(6),
  get(8, "/throw"),
  get(1, "/soon"),
  post(10, "/echo", "short", { params: { CONTENT_LENGTH: "6" } }),
]);
/** Requests in the conversation. */
const REQUESTS = 10;

/** The answer to each request, in any order. */
async function converse(chunks: readonly Buffer[]): Promise<string[]> {
  const { log } = capturedLog();
  const server = new Server(new Dispatcher(new Roles(definitions, { log })), { log });
  const transport = new MemoryTransport();
  server.accept(transport);
  for (const chunk of chunks) transport.push(chunk);
  await transport.answered(REQUESTS);
  transport.push(null);
  transport.destroy();
  await server.close();
  return transport.answers
    .map(([id, { stdout, stderr, applicationStatus, protocolStatus }]) =>
      JSON.stringify([id, stdout.toString(), stderr, applicationStatus, protocolStatus]),
    )
    .sort();
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length]!;
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

test("a conversation is answered identically byte by byte", async () => {
  const whole = await converse([conversation]);

  expect(whole).toHaveLength(REQUESTS);
  expect(whole.join("\n")).toContain("SOME TEXT IN A FILE");
  expect(await converse(cut(conversation, [1]))).toEqual(whole);
});

test("a conversation is answered identically in any chunks", async () => {
  const whole = await converse([conversation]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }),
      async (sizes) => {
        expect(await converse(cut(conversation, sizes))).toEqual(whole);
      },
    ),
    { numRuns: 100 },
  );
});

test("no bytes make the application crash or stop answering others", async () => {
  const { log } = capturedLog();
  const server = new Server(new Dispatcher(new Roles(definitions, { log })), {
    log,
    timeouts: { shutdown: 0, abortGrace: 1 },
  });
  const mangled = fc
    .array(fc.tuple(fc.nat(conversation.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    })
    .map((changes) => {
      const bytes = Buffer.from(conversation);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  await fc.assert(
    fc.asyncProperty(fc.oneof(mangled, noise), fc.integer({ min: 1, max: 500 }), async (bytes, size) => {
      const transport = new MemoryTransport();
      server.accept(transport);
      for (const chunk of cut(bytes, [size])) transport.push(chunk);
      await turns(3);
      transport.destroy();
    }),
    { numRuns: 300 },
  );
  const last = new MemoryTransport();
  server.accept(last);
  last.push(get(1, "/now"));
  await last.answered(1);
  expect(last.answers[0]![1].text).toBe("now");
  last.destroy();
  await server.close();
  expect(server.activeRequests).toBe(0);
  expect(server.openConnections).toBe(0);
});
