// export.ts
import { setTimeout as wait } from "node:timers/promises";
import { Get, Responder, Signal } from "tricorn";

@Responder()
export class Exports {
  @Get("/export.csv", { type: "text/csv; charset=utf-8" })
  *export() {
    for (let row = 1; row <= 100_000; row++) yield `${row},${row * row}\r\n`;
  }

  @Get("/ticks", { type: "text/plain; charset=utf-8" })
  async *ticks(@Signal() signal: AbortSignal) {
    for (let tick = 1; tick <= 10; tick++) {
      yield `tick ${tick}\n`;
      await wait(1000, undefined, { signal });
    }
  }
}
