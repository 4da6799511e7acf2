// What observers cost a request that nobody observes: a count, so it is the same on every machine.
import { expect, test } from "vitest";

import { NodeProcess } from "../support/node-process.js";

const PROGRAM = [
  process.execPath,
  "--import",
  "@oxc-node/core/register",
  "test/inspector/off-program.mjs",
] as const;

test("a request that is not observed calls nothing for observers", async () => {
  const child = new NodeProcess(PROGRAM, { env: { ...process.env, TRICORN_LOG_LEVEL: "silent" } });
  expect(await child.ended, child.errors.join("\n")).toBe(0);
  const { off, on } = JSON.parse(child.output.join("")) as Record<"off" | "on", string[]>;
  expect(off.filter((name) => name.startsWith("inspector "))).toEqual([]);
  expect(on.filter((name) => name.startsWith("inspector ")).length).toBeGreaterThan(10);
  // The rest is the same: what is not observed does not prepare anything either.
  const rest = (names: readonly string[]): string[] =>
    names.filter((name) => !name.startsWith("inspector ")).toSorted();
  const added = rest(on);
  for (const name of rest(off)) {
    const at = added.indexOf(name);
    expect(at, `${name} is called only without an inspector`).toBeGreaterThanOrEqual(0);
    added.splice(at, 1);
  }
  // It and its listener of "close".
  expect(added).toEqual(["gateway (anonymous)", "gateway observeEnd"]);
});
