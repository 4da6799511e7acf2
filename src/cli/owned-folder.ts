import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

import type { OwnedFolder } from "../config/configuration.js";
import { shellWord } from "../config/program.js";

/** What became of a folder that must belong to the user that a Web server becomes. */
export interface FolderOutcome {
  /** Whether it belongs to that user now. Only root can give a folder away, and only to a user of this machine. */
  readonly isGiven: boolean;
  /** A folder above it that only its owner and group can enter; undefined if there is none. */
  readonly closed: string | undefined;
}

/** Gives a folder that exists to the user that a Web server becomes. */
export async function giveFolder({ path, user, group }: OwnedFolder): Promise<FolderOutcome> {
  const owner = group === undefined ? user : `${user}:${group}`;
  const isGiven =
    process.getuid?.() === 0 &&
    (await promisify(execFile)("chown", ["--", owner, path]).then(
      () => true,
      () => false,
    ));
  return { isGiven, closed: await closedFolder(dirname(path)) };
}

/** Formats the command with which root makes such a folder. */
export function folderCommand({ path, user, group }: OwnedFolder): string {
  const owner = group === undefined ? `-o ${user}` : `-o ${user} -g ${group}`;
  return `install -d ${owner} ${shellWord(path)}`;
}

/** The first folder, from this one up, that others cannot enter, such as /root. */
async function closedFolder(path: string): Promise<string | undefined> {
  const { mode } = await stat(path);
  if ((mode & 0o001) === 0) return path;
  const above = dirname(path);
  return above === path ? undefined : closedFolder(above);
}
