// What the tests of starters start: it finds out itself how, and tells what it found.
import { writeSync } from "node:fs";
import { Body, Get, Post, Query, Req, Responder, serve, type OnStop, type ResponderRequest } from "tricorn";
import { z } from "zod";

@Responder()
class Started implements OnStop {
  onStop() {
    try {
      writeSync(2, "stopped\n");
    } catch {
      // Descriptor 2 may be broken.
    }
  }

  @Get("/process")
  process() {
    return { pid: process.pid, arguments: process.argv.slice(2), environment: process.env };
  }

  @Get("/params")
  params(@Req() { params }: ResponderRequest) {
    return Object.fromEntries(params);
  }

  /** Its answer begins at once and ends with its body, so that the caller decides how long it takes. */
  @Post("/echo", { type: "text/plain" })
  async *echo(@Body.stream() body: ReadableStream<Uint8Array>) {
    yield "begun ";
    yield* body;
    yield " done";
  }

  /** Leaves its body alone. */
  @Post("/large", { type: "text/plain" })
  large(@Query("bytes", z.coerce.number()) bytes: number) {
    return "x".repeat(bytes);
  }

  @Get("/warn")
  warn(@Req() { log }: ResponderRequest) {
    log.info("a word");
    log.warn("a warning");
    return "warned";
  }

  @Get("/fail")
  fail(): never {
    throw new Error("on purpose");
  }

  /** What programs do that were not written for this. */
  @Get("/print")
  print() {
    console.log("printed");
    return "printed";
  }

  @Get("/hang")
  hang(@Req() { log, signal }: ResponderRequest) {
    // Under CGI nobody is left to be told by FCGI_STDERR.
    signal.addEventListener("abort", () => log.warn("aborted"));
    log.warn("hanging");
    return new Promise<never>(() => undefined);
  }
}

if (process.env["STARTED_TIMER"] !== undefined) setInterval(() => undefined, 1000);
await serve([Started]);
