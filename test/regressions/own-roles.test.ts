import { expect, it } from "vitest";

import type { RoleDefinition } from "../../src/roles/definitions.js";
import { begin, params } from "../support/records.js";
import { deferred, serveDefinitions } from "../support/served.js";

function role(handle: RoleDefinition["handle"]): RoleDefinition {
  return { kind: "role", number: 9, name: "own", inputs: { stdin: true, data: false }, handle };
}

it("lets a role of one's own take its time once its answer has begun", async () => {
  const handle: RoleDefinition["handle"] = async (exchange) => {
    for (let second = 0; second < 4; second += 1) {
      exchange.write(`${second}`);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    exchange.end();
  };
  const { connect } = await serveDefinitions([role(handle)], { dispatcher: { timeouts: { handler: 300 } } });
  const peer = await connect();
  peer.send(begin(1, 9), params(1, {}));
  const { stdout, applicationStatus } = await peer.answer(1);
  expect(stdout.toString()).toBe("0123");
  expect(applicationStatus).toBe(0);
});

it("ends an input stream that is asked for only after the end", async () => {
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
