import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";

import { headerLines } from "../../../src/adapters/raw-headers.js";
import { Params } from "../../../src/protocol/params.js";
import { hostOf } from "../../../src/http/origin.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** The bytes of the heap that are still held behind so many large requests. */
function heldBehind(requests: number, read: (params: Params) => unknown): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < requests; count += 1) {
    const variables = {
      HTTP_COOKIE: "c".repeat(100_000),
      HTTP_HOST: `a-host-of-the-number-${count}.test`,
      [`HTTP_A_NAME_OF_THE_NUMBER_${count}`]: "1",
    };
    read(Params.from(variables));
  }
  collectGarbage();
  return process.memoryUsage().heapUsed - before;
}

test.each([
  ["a host", hostOf],
  ["the names of fields", headerLines],
])("What is kept of %s does not hold the params that it came with", (_, read) => {
  // Fewer than are kept at once; each of them has 100,000 bytes.
  expect(heldBehind(60, read)).toBeLessThan(1_000_000);
});
