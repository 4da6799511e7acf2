// The whole framework: decorated controllers, the router, async handlers; every check, limit and time-out is on.
import {
  Authorizer,
  Body,
  Filter,
  Get,
  Path,
  Post,
  Query,
  Responder,
  allow,
  serve,
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
  async echo(@Body.pieces() body: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
    return body;
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

  /** 64 MiB, made as they are taken. */
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
  async *filter({ data }: FilterRequest): AsyncGenerator<Uint8Array> {
    for await (const piece of data) yield upperCase(piece);
  }
}

process.env["TRICORN_LOG_LEVEL"] ??= "warn";
// Alone an authorizer would be warned of: this application's responders are asked without it.
const controllers = process.argv[3] === "authorizer" ? [Gate] : [Site, UpperCase];
await serve(controllers, socketPath);
