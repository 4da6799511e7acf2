// What a handler sees, it may keep for ever: nothing of ours changes it, and it changes nothing of ours.
import { Readable } from "node:stream";
import { expect, test } from "vitest";

import { fetchHandler } from "../../src/adapters/fetch-handler.js";
import { nodeListener } from "../../src/adapters/node-listener.js";
import { blocks } from "../../src/protocol/block-pool.js";
import type { Definition } from "../../src/roles/definitions.js";
import type { ResponderRequest } from "../../src/roles/responder-request.js";
import { poisonMemory } from "../support/poisoned-memory.js";
import { filter, pairs, post, record, stream, Type, begin } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";

/** Bytes that a handler was given, what it made of them, and a copy of what they were then. */
interface Kept {
  readonly chunk: Uint8Array;
  readonly part: Uint8Array;
  readonly clone: Uint8Array;
  readonly before: Buffer;
}

const kept: Kept[] = [];

function keep(chunk: Uint8Array): number {
  const part = chunk.subarray(Math.floor(chunk.length / 3));
  kept.push({ chunk, part, clone: structuredClone(chunk), before: Buffer.from(chunk) });
  return chunk.length;
}

async function keepAll(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  let bytes = 0;
  for await (const piece of pieces) bytes += keep(piece);
  return String(bytes);
}

const ways: Readonly<Record<string, (request: ResponderRequest) => unknown>> = {
  stream: ({ body }) => keepAll(body.stream()),
  reader: async ({ body }) => {
    const reader = body.stream().getReader();
    let bytes = 0;
    for (let read = await reader.read(); read.value !== undefined; read = await reader.read())
      bytes += keep(read.value);
    return String(bytes);
  },
  transform: ({ body }) => {
    const transform = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        keep(chunk);
        controller.enqueue(chunk);
      },
    });
    return body.stream().pipeThrough(transform);
  },
  pieces: ({ body }) => keepAll(body.pieces()),
  node: ({ body }) => keepAll(Readable.fromWeb(body.stream() as never)),
  bytes: async ({ body }) => String(keep(await body.bytes())),
  multipart: async ({ body }) => {
    for await (const part of body.multipart()) {
      if (part.name === "field") keep(await part.bytes());
      else await keepAll(part.stream());
    }
    return "";
  },
  params: ({ params }) => {
    keep(params.getBytes("REQUEST_URI")!);
    return String(keep(params.bytes));
  },
};

const definitions: readonly Definition[] = [
  responder(Object.fromEntries(Object.entries(ways).map(([name, way]) => [`POST /${name}`, way]))),
  nodeListener(
    (request, response) => {
      // Not iterated: Node.js joins chunks that wait in memory of its pool.
      request.on("data", keep).on("end", () => response.end());
    },
    { path: "/listener" },
  ),
  fetchHandler(async (request) => new Response(await keepAll(request.body as never)), { path: "/fetch" }),
  fetchHandler(async (request) => new Response(String(keep(new Uint8Array(await request.arrayBuffer())))), {
    path: "/array-buffer",
  }),
  { kind: "filter", name: "Keeps", paths: ["*.kept"], filter: ({ data }) => keepAll(data) },
];

const multipart = (content: string): string =>
  `--XX\r\nContent-Disposition: form-data; name="field"\r\n\r\n${content}\r\n` +
  `--XX\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${content}\r\n--XX--\r\n`;

/** Requests of each way: at once, and in small and large records that come one after the other. */
async function visitAll(address: string): Promise<void> {
  const peer = await WebServerPeer.connect(address);
  const paths = [...Object.keys(ways), "listener", "fetch", "array-buffer"];
  for (const length of [10, 3_000, 70_000, 200_000]) {
    for (const path of paths) {
      const body = Buffer.from(
        path === "multipart" ? multipart("m".repeat(length)) : `${path}:`.repeat(length / 5).slice(0, length),
      );
      const params = { CONTENT_TYPE: "multipart/form-data; boundary=XX", REQUEST_URI: `/${path}` };
      peer.send(post(1, `/${path}`, body, { params }));
      expect((await peer.answer(1)).status).toBe(200);
      const variables = { REQUEST_METHOD: "POST", ...params };
      peer.send(begin(2), stream(Type.params, 2, pairs(variables)), record(Type.params, 2));
      for (let at = 0; at < length; at += 20_000) {
        await peer.roundTrip();
        peer.send(stream(Type.stdin, 2, body.subarray(at, at + 20_000), 7_000));
      }
      peer.send(
        stream(Type.stdin, 2, body.subarray(Math.ceil(length / 20_000) * 20_000)),
        record(Type.stdin, 2),
      );
      expect((await peer.answer(2)).status).toBe(200);
    }
    peer.send(filter(3, "/x.kept", Buffer.alloc(length, "f")));
    expect((await peer.answer(3)).status).toBe(200);
  }
  peer.end();
  await peer.closedByApplication();
}

test("every chunk that was kept is the same after the request, and shares its memory with nothing", async () => {
  kept.length = 0;
  const memory = poisonMemory();
  const { address, server } = await serveDefinitions(definitions, { over: "unix" });
  await visitAll(address);
  await server.close();

  expect(memory.faults).toEqual([]);
  expect(memory.poisoned.blocks).toBeGreaterThan(20);
  expect(kept.length).toBeGreaterThan(200);
  const changed = kept.filter(({ chunk, clone, before }) => !before.equals(chunk) || !before.equals(clone));
  expect(changed).toEqual([]);
  expect(kept.every(({ part, before }) => before.subarray(before.length - part.length).equals(part))).toBe(
    true,
  );

  // All of the memory is the chunk's, so it is neither of the pool, nor Node's, nor that of another chunk.
  const buffers = new Set(kept.map(({ chunk }) => chunk.buffer));
  expect(buffers.size).toBe(kept.length);
  expect(kept.filter(({ chunk }) => chunk.buffer.byteLength !== chunk.byteLength)).toEqual([]);
  expect(buffers.has(Buffer.from("x").buffer)).toBe(false);
  expect(blocks.counts.inUse).toBe(0);
});

test("what a handler does to its chunks changes no other request", async () => {
  const overwrites = responder({
    "POST /overwrites": async ({ body, params }) => {
      params.getBytes("REQUEST_METHOD")!.fill(0);
      params.bytes.fill(0xff);
      for await (const piece of body.stream()) new Uint8Array(piece.buffer).fill(0xee);
      return `${params.get("REQUEST_METHOD")} ${params.get("CONTENT_LENGTH")}`;
    },
    "POST /echo": ({ body }) => body.stream(),
  });
  const { connect } = await serveDefinitions([overwrites]);
  const peer = await connect();
  const body = Buffer.alloc(150_000, "echo");
  for (let count = 0; count < 20; count += 1) {
    peer.send(post(1, "/echo", body), post(2, "/overwrites", body), post(3, "/echo", body));
    const [one, answer, three] = await Promise.all([1, 2, 3].map((id) => peer.answer(id)));
    expect(answer!.text).toBe("POST 150000");
    expect([one!.body.equals(body), three!.body.equals(body)]).toEqual([true, true]);
  }
});
