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

test("the README says about how many packages npm start installs", () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Readonly<Record<string, { dev?: true; optional?: true; peer?: true; devOptional?: true }>>;
  };
  const needed = Object.entries(packages).filter(
    ([path, { dev, optional, peer, devOptional }]) =>
      path.includes("node_modules/") && !(dev ?? optional ?? peer ?? devOptional ?? false),
  );
  const [, number] = /This installs about (\d+) small packages, once,/.exec(readDocument("README.md"))!;
  // One more is of the machine's platform.
  expect(Math.abs(Number(number) - needed.length - 1)).toBeLessThanOrEqual(2);
});
