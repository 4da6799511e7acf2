import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Where this package's frames are: `src/`, or `dist/` if this file is bundled into `dist/shared/`. */
const OWN_FOLDER = `${dirname(dirname(fileURLToPath(import.meta.url)))}${sep}`;

/** Whether a line of a stack is a frame of this package. */
export function isOwnFrame(line: string): boolean {
  return /^\s+at /.test(line) && line.includes(OWN_FOLDER);
}

/** Whether this package failed, directly or in the engine below it: the first frame with a file is one of its own. */
export function isOwnFailure(stack: string): boolean {
  const first = stack
    .split("\n")
    .find((line) => /^\s+at /.test(line) && !/\(<anonymous>\)$|[( ]node:/.test(line));
  return first !== undefined && isOwnFrame(first);
}

/** Removes the frames of this package, which called the code that failed, from a stack. */
export function withoutOwnFrames(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => !isOwnFrame(line))
    .join("\n");
}
