import { duplexPair } from "node:stream";
import { onTestFinished, expect, it } from "vitest";

import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Server } from "../../src/server/server.js";
import { Records, Type, get } from "../support/records.js";
import { capturedLog, responder } from "../support/served.js";

it("streams on over a transport that takes more than it does itself", async () => {
  const { log } = capturedLog();
  const body = async function* () {
    for (let piece = 0; piece < 40; piece += 1) yield Buffer.alloc(60_000);
  };
  const server = new Server(new Dispatcher([responder({ "GET /": body })], { log }), { log });
  onTestFinished(() => server.close());
  const [ours, theirs] = duplexPair({ highWaterMark: 8 * 1024 * 1024 });
  onTestFinished(() => void theirs.destroy());
  server.accept(ours);
  theirs.write(get(1, "/"));
  const records = new Records();
  let length = 0;
  await new Promise<void>((resolve) => {
    theirs.on("data", (chunk: Buffer) => {
      for (const { type, content } of records.push(chunk)) {
        if (type === Type.stdout) length += content.length;
        if (type === Type.end) resolve();
      }
    });
  });
  expect(length).toBeGreaterThan(40 * 60_000);
});
