// An application in a process of its own: `node … server.ts <address>`. Prints `at <address>` when it listens.
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

import { Get, Post, Req, Responder, reply, serve, type ResponderRequest } from "tricorn";

@Responder()
class Drill {
  @Get("/")
  hello() {
    return "served";
  }

  @Get("/hang")
  hang() {
    return new Promise<never>(() => undefined);
  }

  /** Stores the body where there is no room for it. */
  @Post("/store")
  async store(@Req() { body }: ResponderRequest) {
    const path = process.env["DRILL_STORE"] ?? "/dev/full";
    try {
      await pipeline(body.stream(), createWriteStream(path));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOSPC" || code === "EFBIG") return reply("No room\n", { status: 507 });
      throw error;
    }
    return "stored";
  }

  /** The same by somebody who does not think of full disks. */
  @Post("/store-carelessly")
  async carelessly(@Req() { body }: ResponderRequest) {
    await pipeline(body.stream(), createWriteStream(process.env["DRILL_STORE"] ?? "/dev/full"));
    return "stored";
  }
}

const { address } = await serve([Drill], process.argv[2]);
console.log(`at ${address}`);
