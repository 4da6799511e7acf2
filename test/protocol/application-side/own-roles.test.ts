import { expect, it, onTestFinished, vi } from "vitest";

import type { RoleDefinition } from "../../../src/roles/definitions.js";
import { begin, params } from "../../support/records.js";
import { deferred, serveDefinitions } from "../../support/served.js";

function role(handle: RoleDefinition["handle"]): RoleDefinition {
  return { kind: "role", number: 9, name: "own", inputs: { stdin: true, data: false }, handle };
}

it("a custom role is not limited in time after its answer has begun", async () => {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const later = deferred();
  const handle: RoleDefinition["handle"] = async (exchange) => {
    exchange.write("begun, ");
    await later.promise;
    exchange.write("done");
    exchange.end();
  };
  const { connect } = await serveDefinitions([role(handle)], { dispatcher: { timeouts: { handler: 300 } } });
  const peer = await connect();
  const begun = await peer.send(begin(1, 9), params(1, {})).record();
  expect(begun.content.toString()).toBe("begun, ");
  vi.advanceTimersByTime(10_000);
  later.resolve();
  const { stdout, applicationStatus } = await peer.answer(1);
  expect(stdout.toString()).toBe("begun, done");
  expect(applicationStatus).toBe(0);
});

it("an input stream that is requested after its end is ended", async () => {
  const late = deferred<unknown>();
  const handle: RoleDefinition["handle"] = async (exchange) => {
    exchange.end();
    late.resolve(await exchange.stdin.read());
  };
  const { connect } = await serveDefinitions([role(handle)]);
  const peer = await connect();
  peer.send(begin(1, 9), params(1, {}));
  await peer.answer(1);
  expect(await late.promise).toBeUndefined();
});
