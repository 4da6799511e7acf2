import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { runtimeOf } from "../../src/supervisor/typescript-runtime.js";
import { temporaryFolder } from "../support/served.js";

test("TypeScript needs its runtime beside it", () => {
  const script = join(temporaryFolder(), "main.ts");
  writeFileSync(script, "");
  expect(() => runtimeOf(script)).toThrow(expect.objectContaining({ code: "ERR_TYPESCRIPT" }));
});

test("a TypeScript file that is missing is not blamed on the runtime", () => {
  expect(runtimeOf(join(temporaryFolder(), "main.ts"))).toEqual([]);
});
