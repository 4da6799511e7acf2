// The whole framework: decorated controllers, the router, async handlers; every check, limit and time-out is on. Handlers are
// spelled as the documents spell them. Applications that cannot be one are served on sockets of their own.
import { PassThrough, Readable } from "node:stream";
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
  lines,
  reply,
  serve,
  type FilterRequest,
  type Reply,
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
  echo(@Body.stream() body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    return body;
  }

  @Post("/iterated")
  async *iterated(@Body.stream() body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) yield piece;
  }

  @Post("/piped")
  piped(@Body.stream() body: ReadableStream<Uint8Array>): Readable {
    return Readable.fromWeb(body).pipe(new PassThrough());
  }

  @Post("/collect")
  async collect(@Body.bytes() body: Buffer): Promise<Buffer> {
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

const type = "text/plain; charset=utf-8";

/** Bytes, as they come. */
@Filter("*.txt", { type })
class UpperCase {
  async *filter({ data }: FilterRequest): AsyncGenerator<Uint8Array> {
    for await (const piece of data) yield upperCase(piece);
  }
}

/** Text. */
@Filter("*.text", { type })
class UpperCaseText {
  async *filter({ data }: FilterRequest): AsyncGenerator<string> {
    for await (const text of data.pipeThrough(new TextDecoderStream())) yield text.toUpperCase();
  }
}

@Filter("*.lines", { type })
class UpperCaseLines {
  async *filter({ data }: FilterRequest): AsyncGenerator<string> {
    for await (const line of lines(data)) yield `${line.toUpperCase()}\n`;
  }
}

/** Bytes, by a transform. */
@Filter("*.transformed", { type })
class UpperCaseTransform {
  filter({ data }: FilterRequest): ReadableStream<Uint8Array> {
    return data.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (piece, controller) => controller.enqueue(upperCase(piece)),
      }),
    );
  }
}

/** The same for all cookies: cacheable. */
@Filter("*.txt", { type })
class PublicUpperCase {
  filter({ data }: FilterRequest): Reply {
    return reply(upperCased(data), { headers: { "Cache-Control": "public" } });
  }
}

async function* upperCased(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of data) yield upperCase(piece);
}

process.env["TRICORN_LOG_LEVEL"] ??= "warn";
const root = process.argv[3]!;
// Among responders the authorizer would log a warning that they are served without asking it.
await serve([Gate], `${socketPath}.authorizer`);
await serve([PublicUpperCase], `${socketPath}.uncached`, { bridges: { filter: { root } } });
await serve([PublicUpperCase], `${socketPath}.cached`, {
  bridges: { filter: { root, cache: { bytes: 64 * 1024 * 1024 } } },
});
await serve([Site], `scgi:${socketPath}.close`);
await serve([Site, UpperCase, UpperCaseText, UpperCaseLines, UpperCaseTransform], socketPath);
