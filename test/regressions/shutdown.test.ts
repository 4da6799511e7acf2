import { expect, it } from "vitest";

import { get } from "../support/records.js";
import { deferred, responder, serveDefinitions } from "../support/served.js";

it("lets requests finish for as long as they take where the shutdown time is Infinity", async () => {
  const work = deferred<string>();
  const { server, connect } = await serveDefinitions([responder({ "GET /": () => work.promise })], {
    server: { timeouts: { shutdown: Infinity } },
  });
  const peer = await connect();
  peer.send(get(1, "/"));
  await peer.roundTrip();
  const closed = server.close();
  setTimeout(() => work.resolve("done"), 100);
  expect((await peer.answer(1)).text).toBe("done");
  await closed;
});
