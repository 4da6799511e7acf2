import { expect, test } from "vitest";

import { projectFolder } from "../support/node-process.js";
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
])("a log that is %s reads the stack of a failure %i times", async (level, times) => {
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

async function failureOf(thrown: () => unknown, headers: Record<string, string> = {}) {
  const { log, lines } = capturedLog();
  const fails = responder({
    "GET /": () => {
      throw thrown();
    },
  });
  const { connect } = await serveDefinitions([fails], { dispatcher: { log } });
  const { stderr } = await (await connect()).send(get(1, "/", { params: headers })).answer(1);
  const [line] = lines as unknown as readonly {
    readonly err: { readonly message: string; readonly stack: string };
  }[];
  return { stderr, err: line!.err };
}

test("the stack of a failure has the frames of the program and of its cause, but not of the package", async () => {
  const { err } = await failureOf(() => new Error("above", { cause: new TypeError("below") }));
  expect(err.stack).toMatch(/^Error: above\n/);
  expect(err.stack).toContain("TypeError: below");
  expect(err.stack.match(/failure\.test\.ts/g)!.length).toBeGreaterThanOrEqual(2);
  expect(err.stack).not.toMatch(/[\\/]src[\\/]/);
});

test("a failure within the package keeps its frames", async () => {
  const { err } = await failureOf(() => {
    const error = new Error("ours");
    error.stack = `Error: ours\n    at JSON.parse (<anonymous>)\n    at read (${projectFolder}src/body/body.ts:1:1)`;
    return error;
  });
  expect(err.stack).toContain("src/body/body.ts:1:1");
});

test.each<[string, unknown, string]>([
  ["text", "no\nstock", "a value that is not an Error was thrown: 'no\\nstock'"],
  ["a number", 7, "a value that is not an Error was thrown: 7"],
  ["nothing", undefined, "a value that is not an Error was thrown: undefined"],
  [
    "an object",
    { code: "E1", at: { x: 1 } },
    "a value that is not an Error was thrown: { code: 'E1', at: { x: 1 } }",
  ],
])("says that %s was thrown, in one line", async (_kind, value, message) => {
  const { stderr, err } = await failureOf(() => value);
  expect(err.message).toBe(message);
  expect(stderr).toBe(`tricorn: GET / failed: ${typeof value}: ${message}\n`);
});

test("a thrown value is described within bounds and without the secrets of the request", async () => {
  const { err } = await failureOf(() => `key hunter2222 ${"x".repeat(100_000)}`, {
    HTTP_AUTHORIZATION: "Bearer hunter2222",
  });
  expect(err.message.length).toBeLessThan(600);
  expect(err.message).toContain("key [redacted] xxx");
});
