import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { expect, test } from "vitest";

import { readDocument } from "./blocks.js";

const source = resolve(import.meta.dirname, "../../src");

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".ts"),
);

/** The folder of a file below `src/`, or the file if it is not in a folder. */
function roomOf(path: string): string {
  const parts = path.split(sep);
  return parts[0] === "protocol" && parts[1] === "application-side" ? parts.slice(0, 2).join("/") : parts[0]!;
}

/** What the files of each room import from other rooms. */
function importsByRoom(): Map<string, Set<string>> {
  const imports = new Map<string, Set<string>>();
  for (const file of files) {
    const room = roomOf(file);
    const found = imports.get(room) ?? new Set();
    imports.set(room, found);
    for (const [, specifier] of readFileSync(join(source, file), "utf8").matchAll(
      /(?:from|import\() ?"(\.[^"]+)"/g,
    )) {
      const target = relative(source, resolve(source, dirname(file), specifier!)).replace(/\.js$/, ".ts");
      const imported = roomOf(target);
      if (imported !== room && imported !== "errors.ts") found.add(imported.replace(/\.ts$/, ""));
    }
  }
  return imports;
}

/** The rows of the table "The tree": folder, and what it may import. */
const rows = Array.from(
  readDocument("ARCHITECTURE.md").matchAll(/^\| `([^`]+?)\/?` \| [^|]+ \| ([^|]+) \|$/gm),
  ([, name, imports]) => ({ name: name!, imports: imports === "nothing" ? [] : imports!.split(", ") }),
);

test("ARCHITECTURE.md lists every folder of src/", () => {
  const rooms = new Set(files.map(roomOf));
  expect(rows.map(({ name }) => name).toSorted()).toEqual(
    [...rooms].filter((name) => name !== "errors.ts" && name !== "index.ts").toSorted(),
  );
});

test.each(rows)("$name imports what ARCHITECTURE.md says", ({ name, imports }) => {
  const actual = new Set(importsByRoom().get(name));
  // protocol/index.ts, the entry of the package, exports both sides.
  if (name === "protocol") actual.delete("protocol/application-side");
  const rooms = [...actual].map((room) =>
    room === "protocol/application-side" && name !== room ? "protocol" : room,
  );
  expect([...new Set(rooms)].filter((room) => room !== "index").toSorted()).toEqual(imports.toSorted());
});

test.each(rows.filter(({ name }) => !name.endsWith(".ts")))(
  "src/$name has a README of a few lines",
  ({ name }) => {
    const path = join(source, name, "README.md");
    expect(existsSync(path)).toBe(true);
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(6);
    const [, start] = /Start at `([^`]+)`/.exec(lines.join(" ")) ?? [];
    expect(start && existsSync(join(source, name, start))).toBe(true);
  },
);
