// Bodies in each spelling that the documents show, and counts of what Node.js did with memory meanwhile. A process of its
// own, so that nothing else allocates; started without options, as users start theirs.
import { PassThrough, Readable } from "node:stream";
import { Body, Filter, Get, Path, Post, Responder, serve, type FilterRequest } from "../../../src/index.js";

import { countCollections, countOutside, type Counter } from "../../../bench/peers/memory-counters.js";

const LARGE = Buffer.alloc(1024 * 1024, "z");
let counter: Counter = () => ({});

@Responder()
class Site {
  @Post("/returned")
  returned(@Body.stream() body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
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

  @Post("/collected")
  collected(@Body.bytes() body: Buffer): Buffer {
    return body;
  }

  /** Only received. */
  @Post("/read")
  async read(@Body.stream() body: ReadableStream<Uint8Array>): Promise<string> {
    let length = 0;
    for await (const piece of body) length += piece.length;
    return String(length);
  }

  /** Only sent. */
  @Get("/sent")
  *sent(): Generator<Uint8Array> {
    for (let at = 0; at < LARGE.length; at += 65_536) yield LARGE.subarray(at, at + 65_536);
  }

  /** Ends what was counted, and counts something else from now on. */
  @Get("/count/:what")
  count(@Path("what") what: string) {
    const counts = counter();
    counter = what === "collections" ? countCollections() : what === "outside" ? countOutside() : () => ({});
    return counts;
  }
}

@Filter("*.txt", { type: "text/plain; charset=utf-8" })
class Same {
  async *filter({ data }: FilterRequest): AsyncGenerator<Uint8Array> {
    for await (const piece of data) yield piece;
  }
}

await serve([Site, Same], "127.0.0.1:0");
