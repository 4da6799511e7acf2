import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { readDocument, root } from "./blocks.js";

test("the README names the versions of Bun and Deno that the example is run with", () => {
  const text = readFileSync(join(root, "scripts/runtimes/package.json"), "utf8");
  const { dependencies } = JSON.parse(text) as { dependencies: { bun: string; deno: string } };
  const readme = readDocument("README.md").replaceAll("\n", " ");
  expect(readme).toContain(
    `runs on Bun ${dependencies.bun} and Deno ${dependencies.deno}: \`npm run test:runtimes\`.`,
  );
});
