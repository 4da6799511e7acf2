import { expect, test } from "vitest";

import { defaultInspectorLimits } from "../../src/inspector/inspector-limits.js";
import { defaultServerLimits, defaultServerTimeouts } from "../../src/server/options.js";
import { readDocument } from "./blocks.js";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  s: 1000,
  min: 60_000,
};

/** The defaults in the tables of one section, by name. */
function defaultsUnder(heading: string): Record<string, number> {
  const [, section = ""] = readDocument("docs/limits.md").split(`\n## ${heading}\n`);
  const [table = ""] = section.split("\n## ");
  const rows = [...table.matchAll(/^\| `(\w+)` \| (\d+|never)(?: (\w+))? \|/gm)];
  return Object.fromEntries(
    rows.map(([, name, number, unit = ""]) => [
      name,
      number === "never" ? Infinity : Number(number) * UNITS[unit]!,
    ]),
  );
}

test("docs/limits.md names each limit of a server with its default", () => {
  expect(defaultsUnder("Connections and requests")).toEqual(defaultServerLimits);
});

test("docs/limits.md names each time-out of a server with its default", () => {
  expect(defaultsUnder("Waiting")).toEqual(defaultServerTimeouts);
});

test("docs/limits.md names each limit of an inspector with its default", () => {
  expect(defaultsUnder("The inspector")).toEqual(defaultInspectorLimits);
});
