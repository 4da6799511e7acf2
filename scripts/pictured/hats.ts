// The program whose status is photographed: a shop for hats, with a handler that waits for its stock for ever.
import { setTimeout as delay } from "node:timers/promises";
import { Body, Get, Post, Responder, serve } from "tricorn";

@Responder()
class Hats {
  @Get("/hats")
  async list() {
    await delay(2 + 8 * Math.random());
    return "Hats";
  }

  @Get("/hats/:id")
  show() {
    return "A tricorn";
  }

  @Get("/search")
  async search() {
    await delay(20 + 60 * Math.random());
    return "Found";
  }

  @Get("/stock")
  stock() {
    return new Promise<string>(() => {});
  }

  @Post("/orders")
  order(@Body.bytes() order: Uint8Array) {
    return `${order.length} bytes`;
  }
}

await serve([Hats], undefined, { limits: { bodyBytes: 10_000 } });
