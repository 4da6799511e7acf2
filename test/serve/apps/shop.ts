// For the tests of serve(): handlers that answer, that wait for their caller, and that hang.
import {
  Authorizer,
  Body,
  Filter,
  Get,
  Post,
  Query,
  Responder,
  Variable,
  reply,
  serve,
  singleton,
  type OnStart,
  type OnStop,
} from "tricorn";
import { z } from "zod";

const forever = new Promise<never>(() => undefined);

@singleton()
class Stock implements OnStart, OnStop {
  onStart() {
    console.error("start Stock");
  }

  onStop() {
    console.error("stop Stock");
    if (process.env["FAIL"] === "onStop") throw new Error("the stock is on fire");
  }
}

@Responder()
class Shop implements OnStart, OnStop {
  constructor(private readonly stock: Stock) {}

  onStart() {
    console.error(`start Shop with ${this.stock.constructor.name}`);
    if (process.env["FAIL"] === "onStart") throw new Error("the key is lost");
  }

  onStop() {
    console.error("stop Shop");
  }

  @Get("/hello")
  hello(@Variable("REMOTE_ADDR") address: string | undefined) {
    return `hello ${address ?? ""}`;
  }

  @Get("/proxy")
  proxy() {
    return String(process.env["HTTP_PROXY"]);
  }

  /** Its answer begins at once and ends with its body, so the caller decides how long it takes. */
  @Post("/echo", { type: "text/plain" })
  async *echo(@Body.stream() body: ReadableStream<Uint8Array>) {
    yield "begun ";
    yield* body;
    yield " done";
  }

  @Post("/sum")
  sum(@Body(z.object({ numbers: z.array(z.number()) })) { numbers }: { numbers: number[] }) {
    return { sum: numbers.reduce((sum, number) => sum + number, 0) };
  }

  @Get("/status")
  status(@Query("status", z.coerce.number().default(3)) applicationStatus: number) {
    return reply("sold out", { status: 410, applicationStatus });
  }

  @Get("/broken")
  broken() {
    throw new Error("the till is stuck");
  }

  @Get("/hang")
  hang() {
    return forever;
  }
}

@Authorizer("/closed/**")
class Gate {
  authorize() {
    return forever;
  }
}

@Filter("*.txt")
class Hanging {
  filter() {
    return forever;
  }
}

const { OWN_SIGNAL: ownSignal } = process.env;
if (ownSignal !== undefined) process.on(ownSignal, () => console.error(`heard ${ownSignal}`));
console.error(`pid ${process.pid}`);

const shutdown = Number(process.env["SHUTDOWN"] ?? 30_000);
const abortGrace = 100;
await serve([Shop, Gate, Hanging], process.argv[2], { timeouts: { shutdown, abortGrace } });
