import { execFile } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";

import { root } from "../blocks.js";

/** The package as users get it. */
export interface Packed {
  /** The packed file. */
  readonly path: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** Options of npm for installations in tests: from its cache, if it can. */
export const quietly = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];

/** This environment without what the npm that runs the tests has added. */
export function userEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));
}

/** Runs npm, and returns its output. */
export async function npm(cwd: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("npm", args, { cwd, env: userEnvironment() });
  return stdout;
}

/** Packs the package into a folder. A copy is built there, so that the build of the checkout is left alone. */
export async function packInto(folder: string): Promise<Packed> {
  const source = join(folder, "source");
  for (const name of [
    "src",
    "scripts",
    "docs",
    "template",
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
  ])
    cpSync(join(root, name), join(source, name), {
      recursive: true,
      // Tools in scripts/ are installed there.
      filter: (path) => basename(path) !== "node_modules",
    });
  for (const name of ["README.md", "CHANGELOG.md", "LICENSE"]) cpSync(join(root, name), join(source, name));
  symlinkSync(join(root, "node_modules"), join(source, "node_modules"));
  const listed = await npm(source, "pack", "--json", "--pack-destination", folder);
  const [{ filename, files }] = JSON.parse(listed.slice(listed.indexOf("[\n"))) as [
    { readonly filename: string; readonly files: Packed["files"] },
  ];
  return { path: join(folder, filename), files };
}
