import { statSync } from "node:fs";
import { resolve } from "node:path";

/**
 * The working directory of this process as its user wrote it, with symbolic links: a release is changed by changing a link, and
 * process.cwd() still names the old release.
 */
export function logicalDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const physical = process.cwd();
  const { PWD: logical } = environment;
  return logical !== undefined && logical.startsWith("/") && isSame(logical, physical) ? logical : physical;
}

/** A path with its symbolic links. */
export function logicalPath(path: string, directory = logicalDirectory()): string {
  return resolve(directory, path);
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}
