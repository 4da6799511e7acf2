import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { ConfigurationError } from "../errors.js";

const TYPESCRIPT = new Set([".ts", ".mts", ".cts", ".tsx"]);
/** Runs TypeScript with decorators and their metadata, which Node.js itself cannot. An optional peer dependency. */
const RUNTIME = "@oxc-node/core";

/**
 * The options of Node.js that run a program: none for JavaScript; for TypeScript those that load `@oxc-node/core`, which is
 * looked for beside the program.
 *
 * @throws ConfigurationError `ERR_TYPESCRIPT` if it is not installed
 */
export function runtimeOf(script: string): readonly string[] {
  // Node.js says itself that a file is missing.
  if (!TYPESCRIPT.has(extname(script)) || !existsSync(script)) return [];
  try {
    // Its `register` is only for `import`, so the main file is looked for, which lies beside it.
    const main = createRequire(realpathSync(script)).resolve(RUNTIME);
    return ["--import", pathToFileURL(join(dirname(main), "register.mjs")).href];
  } catch (error) {
    throw new ConfigurationError(
      "ERR_TYPESCRIPT",
      `Cannot run ${script}: TypeScript with decorators needs the package ${RUNTIME}; install it, or run the compiled JavaScript`,
      error,
    );
  }
}
