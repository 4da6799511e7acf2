import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { runtimeOf } from "../../src/supervisor/typescript-runtime.js";
import { projectFolder } from "../support/node-process.js";
import { temporaryFolder } from "../support/served.js";

const SOURCE = `
function mark(value: unknown): void { console.log(typeof value); }
@mark
class Marked {}
`;

/** A program with a decorator, in a folder of its own. */
function program(): { readonly folder: string; readonly script: string } {
  const folder = temporaryFolder();
  const script = join(folder, "main.ts");
  writeFileSync(script, SOURCE);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { experimentalDecorators: true } }),
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  return { folder, script };
}

test("a TypeScript program runs by the package that is installed beside it", () => {
  const { folder, script } = program();
  mkdirSync(join(folder, "node_modules/@oxc-node"), { recursive: true });
  symlinkSync(
    join(projectFolder, "node_modules/@oxc-node/core"),
    join(folder, "node_modules/@oxc-node/core"),
  );
  const { stdout, stderr } = spawnSync(process.execPath, [...runtimeOf(script), script], { cwd: folder });
  expect(String(stdout), String(stderr)).toBe("function\n");
});

test("without the package a TypeScript program is refused, and JavaScript needs nothing", () => {
  expect(() => runtimeOf(program().script)).toThrow(
    expect.objectContaining({ code: "ERR_TYPESCRIPT", message: expect.stringContaining("install it") }),
  );
  expect(runtimeOf("/srv/main.js")).toEqual([]);
});

test("a TypeScript file that is missing is not blamed on the runtime", () => {
  expect(runtimeOf(join(temporaryFolder(), "main.ts"))).toEqual([]);
});
