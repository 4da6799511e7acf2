import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

import { Extracted, blockNamed, blocksOf, paths, root } from "./blocks.js";

const run = promisify(execFile);
const DOCUMENT = "docs/testing.md";
const extracted = new Extracted([DOCUMENT]);
const folder = join(extracted.folder, "docs-testing");
afterAll(() => extracted.remove());

test("the tests for Vitest pass with Vitest", async () => {
  const compilerOptions = { experimentalDecorators: true, emitDecoratorMetadata: true, paths };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...compilerOptions, module: "nodenext" }, include: ["*.ts"] }),
  );
  writeFileSync(join(folder, "vitest.config.mjs"), "export default { resolve: { tsconfigPaths: true } };\n");
  const block = blocksOf(DOCUMENT).find(({ info }) => info === "vitest")!;
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { stdout } = await run(
    process.execPath,
    [vitest, "run", "--root", folder, "--reporter=json", extracted.pathOf(block)],
    { cwd: folder, env: { ...process.env, VITEST: undefined } },
  );
  expect(JSON.parse(stdout)).toMatchObject({ success: true, numPassedTests: 2 });
});

test("a failed assertion shows what the document shows", async () => {
  const file = join(folder, "failing.ts");
  writeFileSync(
    file,
    `import { assertAllows, testApplication } from "tricorn/testing";
import { application } from "./members.js";
const app = await testApplication(application);
const answer = await app.authorize("/members/", { headers: { Authorization: "Bearer s3cret" } });
try {
  assertAllows(answer);
} catch (error) {
  console.log((error as Error).message);
}
await app.close();
`,
  );
  const env = { ...process.env, TS_NODE_PROJECT: join(root, "tsconfig.json") };
  const { stdout } = await run(process.execPath, ["--import", "@oxc-node/core/register", file], {
    cwd: root,
    env,
  });
  const shown = stdout.replaceAll(/\((?:file:\/\/)?[^()\s]*\/(members\.ts:)/g, "($1");
  const { text } = blockNamed(DOCUMENT, "Expected the answer to allow, but its status is 500:");
  expect(shown.trimEnd()).toBe(text);
});
