import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { blockNamed, blocksOf, fileOf, readDocument, root } from "./blocks.js";

const document = "docs/getting-started.md";
const template = join(root, "template");

function fileOfTemplate(path: string): string {
  return readFileSync(join(template, path), "utf8");
}

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const { scripts } = JSON.parse(fileOfTemplate("package.json")) as { scripts: Record<string, string> };

test("docs/getting-started.md shows the files that tricorn init writes", () => {
  const shown = blocksOf(document).filter(({ language }) => language === "ts");
  expect(shown.map(fileOf).sort()).toEqual(
    readdirSync(join(template, "src"))
      .map((name) => `src/${name}`)
      .sort(),
  );
  for (const block of shown) {
    const [, ...lines] = block.text.split("\n");
    expect(`${lines.join("\n")}\n`, fileOf(block)).toBe(fileOfTemplate(fileOf(block)));
  }
  const flags = blocksOf(document).find(({ language }) => language === "json");
  expect(`${flags!.text}\n`).toBe(fileOfTemplate("tsconfig.json"));
});

test("README.md and docs/getting-started.md create a project by the same two lines, with the file that npm packs", () => {
  const line = `npx --yes --package ./tricorn-${version}.tgz tricorn init ../hats`;
  const { text } = blockNamed("README.md", line);
  expect(text.split("\n")).toEqual([line, "cd ../hats && npm install && npm run dev"]);
  expect(blockNamed(document, line).text).toBe(text);
});

test.each([document, "template/README.md"])("%s lists each script and each source file", (path) => {
  const cells = [...readDocument(path).matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell]) => cell!);
  const commandOf = (name: string): string =>
    name === "test" || name === "start" ? `npm ${name}` : `npm run ${name}`;
  const sources = readdirSync(join(template, "src")).map((name) => `src/${name}`);
  const expected = [...Object.keys(scripts).map(commandOf), ...sources, "public/", "nginx.sh"];
  expect(cells.filter((cell) => /^(?:npm|src|public|nginx)/.test(cell)).sort()).toEqual(expected.sort());
});
