import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
};

/** The source of each entry of the package, by the entry's name. */
const sources = Object.entries(exports).flatMap(([entry, target]) =>
  typeof target === "string"
    ? []
    : [[entry, target.types.replace(/^\.\/dist\/(.*)\.d\.ts$/, "src/$1.ts")] as const],
);

/** The names, types included, that a file exports. It fails if the file has more than lists of names. */
function namesIn(source: string): string[] {
  const code = readFileSync(root + source, "utf8").replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
  const lists = /export (?:type )?\{([^}]*)\} from "[^"]+";/g;
  expect(
    code
      .replaceAll(lists, "")
      .replaceAll(/import "[^"]+";/g, "")
      .trim(),
  ).toBe("");
  return [...code.matchAll(lists)].flatMap(([, list]) =>
    list!
      .split(",")
      .map((name) => name.trim().replace(/^type |^\w+ as /g, ""))
      .filter((name) => name !== ""),
  );
}

test("each public name is exported by one entry of the package", () => {
  const entries = new Map<string, string[]>();
  for (const [entry, source] of sources) {
    for (const name of namesIn(source)) entries.set(name, [...(entries.get(name) ?? []), entry]);
  }
  expect(entries.get("serve")).toEqual(["."]);
  expect(entries.size).toBeGreaterThan(150);
  expect([...entries].filter(([, exporting]) => exporting.length > 1)).toEqual([]);
});
