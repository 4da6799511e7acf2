// Handlers that stand at an await for ever. Each comment `here: name` marks the await of the shape of that name.
import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Authorizer,
  Body,
  Filter,
  Get,
  Post,
  Req,
  Responder,
  allow,
  serve,
  type FilterRequest,
  type ResponderRequest,
  type ServeOptions,
} from "tricorn";
import { nodeListener } from "tricorn/adapters";

const LONG = 3_600_000;

async function outer() {
  await sleep(1);
  return inner();
}

async function inner() {
  await sleep(1);
  await new Promise(() => {}); // here: called
}

async function background() {
  await sleep(1);
  await new Promise(() => {});
}

async function* pieces() {
  yield "one";
  await sleep(1);
  yield "two";
  await sleep(LONG); // here: generator
}

const first = async () => await sleep(LONG); // here: all
const second = async () => {
  await sleep(1);
  await once(new EventEmitter(), "never"); // here: all
};

@Authorizer({ paths: ["/members/**"] })
class Gate {
  async authorize() {
    await sleep(LONG); // here: authorizer
    return allow();
  }
}

@Filter("*.txt")
class Slow {
  async *filter({ data }: FilterRequest) {
    for await (const piece of data) yield piece;
    await sleep(LONG); // here: filter
  }
}

@Responder()
class Shapes {
  @Get("/never")
  async never() {
    await new Promise(() => {}); // here: never
  }

  @Get("/sleep")
  async sleep() {
    const done = sleep(LONG);
    await done; // here: sleep
  }

  @Get("/fetch")
  async fetch() {
    return await fetch(process.env["SILENT"] ?? ""); // here: fetch
  }

  @Get("/called")
  async called() {
    return await outer();
  }

  @Get("/all")
  async all() {
    await Promise.all([first(), sleep(1), second()]);
  }

  @Get("/background")
  async background() {
    void background();
    await sleep(2);
    void background();
    await sleep(LONG); // here: background
  }

  @Get("/events")
  async events() {
    const emitter = new EventEmitter();
    await new Promise((resolve) => emitter.once("never", resolve)); // here: events
  }

  @Post("/body")
  async body(@Req() request: ResponderRequest) {
    // here+1: body
    for await (const piece of request.body.stream()) void piece;
  }

  @Post("/parsed")
  async parsed(@Body.text() text: string) {
    await sleep(LONG, text); // here: parsed
  }

  @Get("/generator")
  async *generator() {
    for await (const piece of pieces()) yield piece;
  }

  @Get("/chained")
  async chained() {
    return await sleep(1).then(() => inner());
  }

  @Get("/many")
  async many() {
    const some = Array.from({ length: 10_000 }, async () => await sleep(LONG));
    await Promise.all(some); // here: many
  }

  @Get("/plain")
  plain() {
    return new Promise(() => {}); // here: plain
  }

  @Get("/quick/:ms")
  async quick(@Req() { pathParams }: ResponderRequest) {
    await sleep(Number(pathParams["ms"])); // here: quick
    return "done";
  }

  @Get("/twice")
  async twice() {
    await sleep(1);
    const one = first();
    await Promise.race([one, sleep(1)]);
    await new Promise(() => {}); // here: twice
  }

  @Get("/flood")
  async *flood() {
    void background();
    for (;;) {
      await sleep(0);
      yield Buffer.alloc(65_536);
    }
  }

  @Get("/spin")
  spin() {
    for (const end = Date.now() + 200; Date.now() < end;);
    return "spun";
  }
}

const listener = nodeListener(
  (request, response) => {
    void answer(request.url ?? "").then(() => response.end());
  },
  { path: "/listener" },
);

async function answer(url: string) {
  await sleep(LONG, url); // here: listener
}

const options = JSON.parse(process.env["OPTIONS"] ?? "{}") as ServeOptions;
await serve([Gate, Shapes, Slow, listener], process.argv[2], options);
