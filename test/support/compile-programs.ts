// Compiles the programs that tests start, once for each run: a process then starts in an eighth of the processor time
// that loading TypeScript takes. Vitest runs this before the tests of a project that names it in `globalSetup`.
import { chmodSync, copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import type { TestProject } from "vitest/node";

import { bundledRequires } from "./bundled-requires.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the compiled programs; each has the path of its source, as `.mjs`. */
    readonly compiledPrograms: string;
  }
}

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Files, and folders whose files are programs. */
const programs = [
  "src/cli/main.ts",
  // For projects that import the package.
  "src/index.ts",
  "src/adapters/index.ts",
  "test/cli/apps",
  "test/serve/apps",
  "test/supervisor/apps",
  "test/long/drill/apps",
  "test/long/drill/support/server.ts",
  "test/long/performance/collections-server.ts",
  "test/support/web-servers/programs",
];

function filesOf(path: string): string[] {
  if (path.endsWith(".ts")) return [path];
  return readdirSync(join(root, path)).map((name) => `${path}/${name}`);
}

/** Compiles the programs into a temporary folder, and returns its path. */
export async function compiledPrograms(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-programs-"));
  // Web servers start programs as another user.
  chmodSync(folder, 0o755);
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(programs.flatMap(filesOf).map((file) => [file.replace(/\.ts$/, ""), file])),
    platform: "node",
    tsconfig: "tsconfig.json",
    plugins: [bundledRequires],
  });
  // What programs share is in dist/shared/, as in the package: frames of other folders are the program's own.
  await bundle.write({
    dir: folder,
    format: "esm",
    entryFileNames: "[name].mjs",
    chunkFileNames: "dist/shared/[name].mjs",
  });
  await bundle.close();
  // The command reads its version and the template of a project there.
  copyFileSync(join(root, "package.json"), join(folder, "package.json"));
  cpSync(join(root, "template"), join(folder, "template"), { recursive: true });
  // Pages are read beside the folder of the module that does.
  for (const page of ["page", "supervisor/page"])
    for (const beside of ["src", "dist"])
      cpSync(join(root, "src", page), join(folder, beside, page), { recursive: true });
  return folder;
}

export default async function compilePrograms(project: TestProject): Promise<() => void> {
  const folder = await compiledPrograms();
  project.provide("compiledPrograms", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
