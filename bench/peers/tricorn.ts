// The whole framework: decorated controllers, the router, async handlers; every check, limit and time-out is on.
import {
  Authorizer,
  Body,
  Filter,
  Get,
  Header,
  Path,
  Post,
  Query,
  Responder,
  allow,
  reply,
  serve,
  type Reply,
  type FilterRequest,
} from "tricorn";
import { z } from "zod";

import { HELLO, LARGE } from "./bodies.js";
import { socketPath } from "./socket-path.js";
import { upperCase } from "./upper-case.js";

const Id = z.coerce.number().int().positive();
const Paging = z.object({
  page: z.coerce.number().int().min(1).max(1000).default(1),
  size: z.coerce.number().int().min(1).max(100).default(50),
  sort: z.enum(["name", "year"]).default("name"),
});
type Paging = z.infer<typeof Paging>;

@Responder()
class Site {
  @Get("/hello")
  async hello(): Promise<string> {
    return HELLO;
  }

  @Get("/items/:id")
  async item(@Path("id", Id) id: number, @Query(Paging) paging: Paging) {
    return { id, name: "A thing of some kind", ...paging };
  }

  @Post("/echo")
  async echo(
    @Header("Content-Length", z.coerce.number()) length: number,
    @Body.pieces() body: AsyncIterable<Uint8Array>,
  ): Promise<Reply> {
    return reply(body, { headers: { "Content-Length": length } });
  }

  @Post("/collect")
  async collect(@Body.bytes() body: Buffer): Promise<Buffer> {
    return body;
  }

  @Post("/stream")
  async stream(@Body.stream() body: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
    return body;
  }

  @Get("/large", { type: "text/plain; charset=utf-8" })
  async large(): Promise<Buffer> {
    return LARGE;
  }

  /** 64 MiB, generated as they are read. */
  @Get("/produce")
  async *produce(): AsyncGenerator<Buffer> {
    for (let piece = 0; piece < 64; piece += 1) yield LARGE;
  }

  /** Never answers. */
  @Get("/wait")
  wait(): Promise<string> {
    return new Promise(() => {});
  }
}

@Authorizer()
class Gate {
  async authorize() {
    return allow({ AUTH_USER: "ada" });
  }
}

@Filter("*.txt", { type: "text/plain; charset=utf-8" })
class UpperCase {
  filter({ data }: FilterRequest): AsyncGenerator<Uint8Array> {
    return upperCased(data);
  }
}

/** The same for all cookies: cacheable. */
@Filter("*.txt", { type: "text/plain; charset=utf-8" })
class PublicUpperCase {
  filter({ data }: FilterRequest): Reply {
    return reply(upperCased(data), { headers: { "Cache-Control": "public" } });
  }
}

async function* upperCased(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of data) yield upperCase(piece);
}

process.env["TRICORN_LOG_LEVEL"] ??= "warn";
const [, , , mode, root = ""] = process.argv;
switch (mode) {
  case "authorizer":
    // Among responders it would log a warning that they are served without asking it.
    await serve([Gate], socketPath);
    break;
  case "cached":
    await serve([PublicUpperCase], socketPath, {
      bridges: { filter: { root, cache: { bytes: 64 * 1024 * 1024 } } },
    });
    break;
  case "uncached":
    await serve([PublicUpperCase], socketPath, { bridges: { filter: { root } } });
    break;
  default:
    await serve([Site, UpperCase], socketPath);
}
