// Waiting for output on a connection without a transport: nothing that is queued here is ever sent.
import { expect, test } from "vitest";

import type { Application } from "../../../src/protocol/application-side/application.js";
import { ApplicationSide } from "../../../src/protocol/application-side/application-side.js";
import type { Exchange } from "../../../src/protocol/application-side/exchange.js";
import { defaultServerLimits, defaultServerTimeouts } from "../../../src/server/options.js";
import { Type, get, record } from "../../support/records.js";
import { turns } from "../../support/served.js";

/** A connection with two requests whose producers have written so much that they have to wait. */
function twoThatWait() {
  const exchanges: Exchange[] = [];
  const application: Application = {
    inputs: () => ({ stdin: true, data: false }),
    dispatch: (exchange) => void exchanges.push(exchange),
    refuse: (exchange) => exchange.end(),
    timeLimit: () => Infinity,
  };
  const side = new ApplicationSide(
    application,
    {
      outputQueued() {},
      activeChanged() {},
      bufferedChanged() {},
      breakConnection() {},
      now: () => 0,
      admit: () => true,
      values: { FCGI_MAX_CONNS: "1", FCGI_MAX_REQS: "1", FCGI_MPXS_CONNS: "1" },
    },
    { limits: defaultServerLimits, times: defaultServerTimeouts },
  );
  side.receive(Buffer.concat([get(1, "/"), get(2, "/")]));
  const woken: number[] = [];
  for (const exchange of exchanges) {
    exchange.write(Buffer.alloc(128 * 1024));
    expect(exchange.writable).toBe(false);
    void exchange.drained().then(() => woken.push(exchange.id));
  }
  return { side, woken };
}

test("a waiting writer is woken when its request is aborted, and no other is", async () => {
  const { side, woken } = twoThatWait();
  side.receive(record(Type.abort, 2));
  await turns();
  expect(woken).toEqual([2]);
});

test("all waiting writers are woken when the connection is lost", async () => {
  const { side, woken } = twoThatWait();
  side.disconnect();
  await turns();
  expect(woken).toEqual([1, 2]);
});

test("waiting writers are woken in turn when output is taken", async () => {
  const { side, woken } = twoThatWait();
  side.output.take();
  side.writable = true;
  await turns();
  expect(woken).toEqual([1, 2]);
});
