import { PassThrough, pipeline, Readable } from "node:stream";

import { fetchHandler } from "../../src/adapters/fetch-handler.js";
import { nodeListener } from "../../src/adapters/node-listener.js";
import type { Definition } from "../../src/roles/definitions.js";
import type { ResponderRequest } from "../../src/roles/responder-request.js";
import { responder } from "./routes.js";
import { turns } from "./served.js";

type Echo = (request: ResponderRequest) => unknown;

const LIMITS = { bytes: 1024 * 1024 };

async function* yielded(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield piece;
}

async function* readBy(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (let read = await reader.read(); read.value !== undefined; read = await reader.read()) yield read.value;
}

/** Each way to read a body and to send it back, by the path of its route. */
const spellings: Readonly<Record<string, Echo>> = {
  returned: ({ body }) => body.stream(),
  iterated: ({ body }) => yielded(body.stream()),
  pieces: ({ body }) => body.pieces(),
  "pieces-iterated": ({ body }) => yielded(body.pieces()),
  reader: ({ body }) => readBy(body.stream()),
  transformed: ({ body }) => body.stream().pipeThrough(new TransformStream()),
  teed: ({ body }) => {
    const [one, other] = body.stream().tee();
    void other.cancel();
    return one;
  },
  node: ({ body }) => Readable.fromWeb(body.stream() as never),
  piped: ({ body }) => pipeline(Readable.from(body.stream()), new PassThrough(), () => {}),
  response: ({ body }) => new Response(body.stream()),
  bytes: ({ body }) => body.bytes(LIMITS),
  text: ({ body }) => body.text(LIMITS),
  json: async ({ body }) => ((await body.json(LIMITS)) as { text: string }).text,
  form: async ({ body }) => (await body.form(LIMITS))["text"],
  multipart: async function* ({ body }) {
    for await (const part of body.multipart({ partBytes: LIMITS.bytes })) {
      if (part.name === "field") yield await part.bytes();
      else yield* yielded(part.stream());
    }
  },
  // Its input is held meanwhile.
  late: async ({ body }) => {
    await turns(5);
    return body.stream();
  },
};

/** All of them behind `POST /<name>`; adapters behind `/listener` and `/fetch`; and filters of `*.returned` and `*.iterated`. */
export function echoHandlers(): readonly Definition[] {
  return [
    responder(Object.fromEntries(Object.entries(spellings).map(([name, echo]) => [`POST /${name}`, echo]))),
    nodeListener((request, response) => void request.pipe(response), { path: "/listener" }),
    fetchHandler((request) => new Response(request.body), { path: "/fetch" }),
    { kind: "filter", name: "Returned", paths: ["*.returned"], filter: ({ data }) => data },
    { kind: "filter", name: "Iterated", paths: ["*.iterated"], filter: ({ data }) => yielded(data) },
  ];
}

/** The names of all ways of a responder. */
export const spellingNames: readonly string[] = [...Object.keys(spellings), "listener", "fetch"];
