// What the tests of starters start: it finds out itself how, and tells what it found.
import { once } from "node:events";
import { writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import {
  createApplication,
  Body,
  Get,
  Post,
  Query,
  Req,
  Responder,
  serve,
  type OnStop,
  type ResponderRequest,
} from "tricorn";
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

  /** Never ends by itself. */
  @Get("/pour", { type: "text/plain" })
  async *pour() {
    for (;;) yield "x".repeat(1024).concat("\n");
  }

  @Get("/break", { type: "text/plain" })
  async *break() {
    yield "half of it";
    await wait(1);
    throw new Error("broken");
  }

  /** Answers behind an error that nobody catches. */
  @Get("/careless")
  async careless() {
    setImmediate(() => {
      throw new Error("nobody caught me");
    });
    await once(process, "uncaughtExceptionMonitor");
    return "careless";
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

  /** Answers only when the process was asked to end. */
  @Get("/later")
  async later(@Req() { log }: ResponderRequest) {
    log.info("waiting");
    await once(process, "SIGTERM");
    await wait(50);
    return "later";
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
const limit = process.env["STARTED_LIMIT"];
const controllers = [Started];
await serve(
  limit === undefined
    ? controllers
    : createApplication({ controllers, timeouts: { handler: Number(limit) } }),
);
