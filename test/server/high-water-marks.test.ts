import { duplexPair } from "node:stream";
import { onTestFinished, expect, it } from "vitest";

import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { Server } from "../../src/server/server.js";
import { Records, Type, get } from "../support/records.js";
import { capturedLog, responder } from "../support/served.js";

it("continues streaming over a transport with a larger buffer", async () => {
  const { log } = capturedLog();
  const stream = async function* () {
    for (let piece = 0; piece < 40; piece += 1) yield Buffer.alloc(60_000);
  };
  const whole = (): Buffer => Buffer.alloc(600_000);
  const server = new Server(
    new Dispatcher(new Roles([responder({ "GET /stream": stream, "GET /whole": whole })], { log })),
    { log },
  );
  onTestFinished(() => server.close());
  const [ours, theirs] = duplexPair({ highWaterMark: 8 * 1024 * 1024 });
  onTestFinished(() => void theirs.destroy());
  server.accept(ours);
  theirs.write(Buffer.concat([1, 2, 3, 4].map((id) => get(id, id === 4 ? "/stream" : "/whole"))));
  const records = new Records();
  let length = 0;
  let ended = 0;
  await new Promise<void>((resolve) => {
    theirs.on("data", (chunk: Buffer) => {
      for (const { type, content } of records.push(chunk)) {
        if (type === Type.stdout) length += content.length;
        if (type === Type.end && (ended += 1) === 4) resolve();
      }
    });
  });
  expect(length).toBeGreaterThan(3 * 600_000 + 40 * 60_000);
});
