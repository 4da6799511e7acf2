// What a request allocates on the heap. Bytes, not times: they are the same on every machine. They differ a little between
// versions of V8 and with what its compilers take out, so the bounds leave room for a third more than was measured.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { NodeProcess, projectFolder } from "../../support/node-process.js";

/** A young generation of 256 MiB from the start: what 10,000 requests allocate fits into it. */
const FLAGS = ["--expose-gc", "--min-semi-space-size=256", "--max-semi-space-size=256"];

interface Allocations {
  readonly name: string;
  readonly bytes: number;
  readonly disturbed: boolean;
}

/** Compiles the measured program, below the project so that it finds what it imports, and returns its path. */
function compiled(): string {
  const cache = join(projectFolder, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "allocations-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const tsc = join(projectFolder, "node_modules", "typescript", "bin", "tsc");
  const project = join(projectFolder, "test", "long", "performance");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", project, "--outDir", folder]);
  expect(status, String(stdout)).toBe(0);
  return join(folder, "test", "long", "performance", "allocations.js");
}

/** Compiling takes most of the time, and much more of it where the machine has other work; ms. */
const LIMIT = 120_000;

test("requests allocate no more of the heap than they need", { timeout: LIMIT }, async () => {
  const child = new NodeProcess([process.execPath, ...FLAGS, compiled()]);
  expect(await child.ended, child.errors.join("\n")).toBe(0);
  const found = child.output.map((line) => JSON.parse(line) as Allocations);
  const bytes = Object.fromEntries(found.map((one) => [one.name, one.bytes]));
  // A collection in between would hide what was allocated.
  expect(found.map(({ disturbed }) => disturbed)).toEqual([false, false, false, false]);
  // 2,430 were measured: the exchange and its entry, a view for each record that has content, the params and their text,
  // the request, the reply, the header block. Params as an object alone would be 6,000 more.
  expect(bytes["at once"]).toBeLessThan(3_250);
  // 3,410: two promises and their reactions more; a quarter of it is the test's own way to wait for them.
  expect(bytes["async"]).toBeLessThan(4_550);
  // 4,150: the query with its fields, what zod makes, the JSON.
  expect(bytes["schema"]).toBeLessThan(5_550);
  // 4,980: the paths that are decided about, the variables, and the promises of deciding.
  expect(bytes["authorizer"]).toBeLessThan(6_650);
});
