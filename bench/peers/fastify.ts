// The fastest of the common HTTP frameworks for Node.js, with its own validation and serialization.
import Fastify from "fastify";

import { HELLO, LARGE } from "./bodies.js";
import { socketPath } from "./socket-path.js";

const integer = (minimum: number, maximum: number, by: number) =>
  ({ type: "integer", minimum, maximum, default: by }) as const;

const app = Fastify({ keepAliveTimeout: 0 });
app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_request, body, done) =>
  done(null, body),
);

app.get("/hello", async (_request, reply) => {
  reply.type("text/plain; charset=utf-8");
  return HELLO;
});

app.get<{
  Params: { id: number };
  Querystring: { page: number; size: number; sort: string };
}>(
  "/items/:id",
  {
    schema: {
      params: { type: "object", properties: { id: { type: "integer", minimum: 1 } }, required: ["id"] },
      querystring: {
        type: "object",
        properties: {
          page: integer(1, 1000, 1),
          size: integer(1, 100, 50),
          sort: { type: "string", enum: ["name", "year"], default: "name" },
        },
      },
      response: {
        200: {
          type: "object",
          properties: {
            id: { type: "integer" },
            name: { type: "string" },
            page: { type: "integer" },
            size: { type: "integer" },
            sort: { type: "string" },
          },
        },
      },
    },
  },
  async ({ params, query }) => ({ id: params.id, name: "A thing of some kind", ...query }),
);

// It collects a body before its handler runs.
for (const path of ["/echo", "/collect"]) {
  app.post(path, async (request, reply) => {
    reply.type("application/octet-stream");
    return request.body;
  });
}

app.get("/large", async (_request, reply) => {
  reply.type("text/plain; charset=utf-8");
  return LARGE;
});

await app.listen({ path: socketPath });
