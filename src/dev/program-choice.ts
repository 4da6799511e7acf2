import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";

import { ConfigurationError } from "../errors.js";

/** The programs that are looked for if none is named. */
const USUAL = ["src/main.ts", "src/main.js", "main.ts", "main.js"];

/**
 * Chooses the program: the named one, else the first of the usual ones that exists.
 *
 * @param given as its user wrote it
 * @returns its absolute path
 * @throws ConfigurationError `ERR_DEV_PROGRAM`
 */
export function chooseProgram(given: string | undefined, directory = process.cwd()): string {
  const found = (given === undefined ? USUAL : [given]).find((name) => isFile(resolve(directory, name)));
  if (found !== undefined) return resolve(directory, found);
  throw new ConfigurationError(
    "ERR_DEV_PROGRAM",
    given === undefined
      ? `Cannot start: there is no ${USUAL.slice(0, -1).join(", ")} or ${USUAL.at(-1)} in ${directory}; name the program: tricorn dev app/start.ts`
      : `Cannot start: there is no file ${resolve(directory, given)}`,
  );
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
