import { fetchHandler, nodeListener } from "tricorn/adapters";
import { expect, test } from "vitest";

import type { Definition } from "../../src/roles/definitions.js";
import { KeptChunks } from "../support/kept-chunks.js";
import { mebibytes, serveHandlers } from "./support.js";

const handlers: readonly [name: string, serve: (kept: KeptChunks) => Definition][] = [
  [
    "a node listener reads",
    (kept) =>
      nodeListener((request, response) => {
        request.on("data", (chunk: Buffer) => kept.keep(chunk));
        request.pipe(response);
      }),
  ],
  ["a fetch handler iterates over", (kept) => fetchHandler(({ body }) => responseOf(kept.of(body!)))],
  [
    "a fetch handler pipes through a transform",
    (kept) =>
      fetchHandler(({ body }) => {
        const keeping = new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) => controller.enqueue(kept.keep(chunk)),
        });
        return new Response(body!.pipeThrough(keeping));
      }),
  ],
  [
    "a fetch handler collects",
    (kept) =>
      fetchHandler(async (request) => new Response(kept.keep(new Uint8Array(await request.arrayBuffer()))), {
        bodyBytes: 4 * 1024 * 1024,
      }),
  ],
];

function responseOf(chunks: AsyncGenerator<Uint8Array>): Response {
  return new Response(
    new ReadableStream({
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
    }),
  );
}

test.each(handlers)(
  "Chunks that %s keep their content after the request, and share no memory",
  async (_, serve) => {
    const kept = new KeptChunks();
    const { visit } = await serveHandlers(serve(kept));
    const chunks: Uint8Array[] = [];
    for await (const chunk of mebibytes(1)) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    for (let request = 0; request < 2; request += 1)
      expect((await visit("/", { method: "POST", body })).bytes.equals(body)).toBe(true);
    expect(kept.check()).toBeGreaterThan(1);
  },
);
