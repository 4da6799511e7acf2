import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { paths, readDocument, root } from "./blocks.js";

/** Mistakes of a first program, and the errors of the compiler that the document has for each. */
const mistakes: readonly (readonly [name: string, text: string, experimental: boolean, errors: string[]])[] =
  [
    ["flag", '@Responder() export class A { @Get() a() { return "a"; } }', false, ["TS1241"]],
    [
      "parameter",
      '@Responder() export class A { @Get("/:id") a(@Path("id") id: string) { return id; } }',
      false,
      ["TS1206", "TS1241"],
    ],
    ["method", '@Responder() export class A { @Get a() { return "a"; } }', true, ["TS1241", "TS1270"]],
    ["class", '@Responder export class A { @Get() a() { return "a"; } }', true, ["TS1238", "TS1270"]],
    ["singleton", "@singleton export class A {}", true, ["TS1329"]],
    ["none", '@Responder() export class A { @Get() a() { return "a"; } }', true, []],
  ];

/** The codes and messages of each file, compiled with or without the flag. */
async function compile(folder: string, experimentalDecorators: boolean): Promise<string[]> {
  const project = join(folder, `${experimentalDecorators}.json`);
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    lib: ["es2023"],
    types: ["node"],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    paths,
    experimentalDecorators,
  };
  const files = mistakes
    .filter(([, , flag]) => flag === experimentalDecorators)
    .map(([name]) => `${name}.ts`);
  writeFileSync(project, JSON.stringify({ compilerOptions, files }));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [compiler, "--pretty", "false", "-p", project], { cwd: folder }, (_, stdout) =>
      resolve(stdout),
    );
  });
  return output.split("\n").filter((line) => /^\w+\.ts\(/.test(line));
}

test("docs/troubleshooting.md has the compiler errors that a missing flag or missing parentheses cause", async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tricorn-docs-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/tricorn"));
  symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  for (const [name, text] of mistakes) {
    const imports = ["Get", "Path", "Responder", "singleton"];
    writeFileSync(join(folder, `${name}.ts`), `import { ${imports.join(", ")} } from "tricorn";\n${text}\n`);
  }
  const lines = [...(await compile(folder, false)), ...(await compile(folder, true))];
  const found = (name: string): string[] => [
    ...new Set(lines.filter((line) => line.startsWith(`${name}.ts(`)).map((line) => /TS\d+/.exec(line)![0])),
  ];
  const table = readDocument("docs/troubleshooting.md").split("## The compiler")[1]!;
  for (const [name, , , errors] of mistakes) {
    const codes = found(name).filter((code) => name !== "class" || code !== "TS1241");
    expect(codes.sort(), name).toEqual(errors);
    for (const code of codes) expect(table).toContain(code);
  }
  for (const [, message = ""] of table.matchAll(/TS\d+, `(?:… )?([^`…]+?)(?: …[^`]*)?`/g))
    expect(lines.join("\n")).toContain(message);
});
