import { expect, test } from "vitest";

import { get } from "../support/records.js";
import { capturedLog, responder, serveDefinitions } from "../support/served.js";

class Watched extends Error {
  asked = 0;

  constructor() {
    super("as it was told");
    Object.defineProperty(this, "stack", {
      get: () => {
        this.asked += 1;
        return "a stack";
      },
    });
  }
}

test.each([
  ["silent", 0],
  ["error", 1],
])("a log that is %s asks a failure for its stack %i times", async (level, times) => {
  const error = new Watched();
  const { log, lines } = capturedLog();
  log.level = level;
  const fails = responder({
    "GET /": () => {
      throw error;
    },
  });
  const { connect } = await serveDefinitions([fails], { dispatcher: { log } });
  const { status, stderr } = await (await connect()).send(get(1, "/")).answer(1);
  expect({ status, stderr }).toEqual({
    status: 500,
    stderr: "tricorn: GET / failed: Error: as it was told\n",
  });
  expect(error.asked).toBe(times);
  expect(lines).toHaveLength(times);
});
