// How many files and functions one GET runs through: a count, so it is the same on every machine.
import { expect, test } from "vitest";

import { NodeProcess } from "../../support/node-process.js";

const PROGRAM = [
  process.execPath,
  "--import",
  "@oxc-node/core/register",
  "scripts/request-path.mjs",
  "--json",
] as const;

test("a GET of a decorated responder runs through few files and functions", { timeout: 60_000 }, async () => {
  const child = new NodeProcess(PROGRAM);
  expect(await child.ended, child.errors.join("\n")).toBe(0);
  const path = JSON.parse(child.output.join("")) as Readonly<Record<string, readonly string[]>>;
  const files = Object.keys(path);
  // It reads the socket first, passes the dispatcher on the way to the role, and writes the answer.
  const stops = ["src/server/connection.ts", "src/roles/dispatcher.ts", "src/roles/responder.ts"];
  expect(files.filter((file) => stops.includes(file))).toEqual(stops);
  expect(files).toContain("src/protocol/record-writer.ts");
  // 47 and 164 were measured, with a check of the deadlines that may come in between.
  expect(files.length).toBeLessThanOrEqual(48);
  expect(Object.values(path).flat().length).toBeLessThanOrEqual(168);
});
