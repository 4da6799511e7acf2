import { realpathSync, statSync } from "node:fs";
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

/** What a version of a program is: its script and its working directory. */
export interface ProgramPaths {
  readonly script: string;
  readonly directory: string;
}

/** The same without symbolic links; a path that does not exist stays as it is. */
export function realPaths({ script, directory }: ProgramPaths): ProgramPaths {
  return { script: realPath(script), directory: realPath(directory) };
}

/** Whether both still exist. */
export function exist({ script, directory }: ProgramPaths): boolean {
  return [script, directory].every((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
