import { createHash } from "node:crypto";
import { once } from "node:events";
import type { ReadableStream } from "node:stream/web";
import {
  Body,
  Get,
  Header,
  HttpError,
  Post,
  Query,
  Req,
  Responder,
  Route,
  Signal,
  Variable,
  reply,
  type Reply,
  type ResponderRequest,
} from "tricorn";
import { z } from "zod";

import { payload } from "./payload.js";
import { Stage } from "./stage.js";

const Bytes = z.coerce.number().int().min(1);
const PIECE = 64 * 1024;
const LITTLE = 16;

/** What `/closed` shows. */
export const ERROR_PAGE =
  "<!doctype html>\n<title>Closed</title>\n<p>The theatre is closed on Mondays: “Hamlet”.</p>\n";

/** What a request looks like to a handler. */
export interface Seen {
  readonly method: string;
  readonly mount: string;
  readonly path: string;
  readonly query: string;
  readonly params: Readonly<Record<string, string>>;
}

/** What came in as a body. */
export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
  /** CONTENT_LENGTH as it came. */
  readonly announced: string | null;
}

/** The application that every Web server is tried with: one route for each thing that one may get wrong. */
@Responder()
export class Contract {
  constructor(private readonly stage: Stage) {}

  @Get("/hello")
  hello(): string {
    return "Hello\n";
  }

  @Get("/seen/*")
  @Route("OPTIONS", "/seen/*")
  seen(@Req() { method, mount, path, queryString, params }: ResponderRequest): Seen {
    return { method, mount, path, query: queryString, params: Object.fromEntries(params) };
  }

  @Post("/form")
  form(@Body(z.record(z.string(), z.string())) form: Record<string, string>): object {
    return form;
  }

  /** Collects first: nginx stops sending when the answer begins, and Caddy does not read before it has sent all. */
  @Post("/echo")
  echo(@Body.bytes({ limit: 32 * 1024 * 1024 }) body: Buffer): Buffer {
    return body;
  }

  @Post("/digest")
  async digest(
    @Body.stream() body: ReadableStream<Uint8Array>,
    @Variable("CONTENT_LENGTH") announced: string | undefined,
  ): Promise<Digest> {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const piece of body) {
      bytes += piece.length;
      hash.update(piece);
    }
    return { bytes, sha256: hash.digest("hex"), announced: announced ?? null };
  }

  /** Never looks at the body. */
  @Post("/refused")
  refused(): never {
    throw new HttpError(403, "This is not wanted.");
  }

  /** So many bytes: a few at once, a few when the test has got those, and the rest when it has got these. */
  @Get("/slowly")
  async *slowly(@Query("bytes", Bytes) bytes: number): AsyncGenerator<Buffer> {
    const content = payload(bytes);
    // Less than any buffer that a Web server would wait to fill. The second piece comes without a header block.
    for (const at of [0, LITTLE]) {
      const goOn = this.stage.when("go on");
      yield content.subarray(at, at + LITTLE);
      await goOn;
    }
    for (let at = 2 * LITTLE; at < bytes; at += PIECE) yield content.subarray(at, at + PIECE);
  }

  @Get("/download")
  *download(@Query("bytes", Bytes) bytes: number): Generator<Buffer> {
    const content = payload(bytes);
    for (let at = 0; at < bytes; at += PIECE) yield content.subarray(at, at + PIECE);
  }

  /** Answers when the test says so, or is told that nobody waits for it any more. */
  @Get("/wait")
  async *wait(@Signal() signal: AbortSignal): AsyncGenerator<Buffer> {
    const goOn = this.stage.when("go on");
    const aborted = once(signal, "abort").then(() => {
      this.stage.tell("aborted");
      throw signal.reason;
    });
    this.stage.tell("waiting");
    await Promise.race([goOn, aborted]);
    yield* this.pour();
  }

  /** Ends when the test has had enough, or nobody takes it any more. */
  @Get("/pour")
  async *pour(): AsyncGenerator<Buffer> {
    const piece = payload(PIECE);
    const told = { isEnough: false };
    void this.stage.when("enough").then(() => (told.isEnough = true));
    try {
      this.stage.tell("pouring");
      while (!told.isEnough) yield piece;
    } finally {
      this.stage.tell("stopped");
    }
  }

  @Get("/fail")
  fail(): never {
    throw new Error("The stage is on fire");
  }

  /** Fails when so much was sent that no server can take it back. */
  @Get("/break")
  async *break(): AsyncGenerator<Buffer> {
    for (let piece = 0; piece < 32; piece++) yield payload(PIECE);
    throw new Error("The second act is missing");
  }

  /** An error that has a page of its own. */
  @Get("/closed", { type: "text/html; charset=utf-8" })
  closed(): Reply {
    return reply(ERROR_PAGE, { status: 503, headers: { "Retry-After": "120" } });
  }

  @Get("/nothing")
  nothing(): void {}

  @Get("/cookies")
  cookies(): Reply {
    return reply("Two cookies\n", { headers: { "Set-Cookie": ["one=1; Path=/", "two=2; HttpOnly"] } });
  }

  @Get("/cached")
  cached(@Header("If-None-Match") known: string | undefined): Reply {
    const headers = { ETag: '"first"' };
    return known === '"first"' ? reply(undefined, { status: 304, headers }) : reply("First\n", { headers });
  }
}
