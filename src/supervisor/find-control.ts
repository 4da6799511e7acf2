import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { ConfigurationError } from "../errors.js";
import { isRunning } from "../process/is-running.js";
import { controlFolder, controlFolders, faultOf, type ControlFolderFacts } from "./control-folder.js";

/** How the master is named whose control socket is wanted. */
export interface WantedMaster {
  /** The path of its control socket. */
  readonly control?: string | undefined;
  /** The file with its process id. */
  readonly pidFile?: string | undefined;
}

/** What finding a master depends on. */
export interface FindFacts {
  /** The user of this process. */
  readonly uid: number;
  /** The folders in which masters of a user may have their control sockets. */
  readonly foldersOf: (uid: number) => readonly string[];
}

/** These facts of this process. */
export function findFacts(): FindFacts {
  return {
    uid: process.getuid?.() ?? 0,
    foldersOf: (uid) => controlFolders({ uid, environment: process.env }),
  };
}

const SOCKET_NAME = /^(\d{1,10})\.sock$/;

/** The default path of the control socket of a master. */
export function controlPath(facts: ControlFolderFacts, pid: number): string {
  return join(controlFolder(facts), `${pid}.sock`);
}

/**
 * Finds the control socket of a master: the path that was given, that of the master in a pid file, or that of the only master of
 * this user.
 *
 * @throws ConfigurationError `ERR_NO_MASTER` if no master runs, or several do
 */
export function findControl({ control, pidFile }: WantedMaster, facts: FindFacts): string {
  if (control !== undefined) return control;
  if (pidFile !== undefined) return ofPid(readPid(pidFile), { pidFile, facts });
  const found = socketsIn(facts.foldersOf(facts.uid), facts.uid);
  const [only, ...others] = found;
  if (only === undefined) {
    throw noMaster(
      `no master of user ${facts.uid} runs; name one of another user with --control or --pid-file`,
    );
  }
  if (others.length === 0) return only.path;
  const pids = found.map(({ pid }) => pid).join(", ");
  throw noMaster(`several masters run: ${pids}; name one with --control or --pid-file`);
}

interface ControlFile {
  readonly path: string;
  readonly pid: number;
}

/** The control sockets of processes that run, in those of the folders that are safe. */
function socketsIn(folders: readonly string[], uid: number): readonly ControlFile[] {
  return folders
    .filter((folder) => faultOf(folder, uid) === undefined)
    .flatMap((folder) =>
      readdirSync(folder).flatMap((name) => {
        const pid = Number(SOCKET_NAME.exec(name)?.[1]);
        return pid > 0 && isRunning(pid) ? [{ path: join(folder, name), pid }] : [];
      }),
    );
}

function ofPid(
  pid: number,
  { pidFile, facts }: { readonly pidFile: string; readonly facts: FindFacts },
): string {
  if (!isRunning(pid)) throw noMaster(`${pidFile} names process ${pid}, which does not run`);
  const uid = userOf(pid) ?? facts.uid;
  const found = socketsIn(facts.foldersOf(uid), uid).find((file) => file.pid === pid);
  if (found !== undefined) return found.path;
  throw noMaster(`process ${pid}, which ${pidFile} names, has no control socket; name it with --control`);
}

function readPid(file: string): number {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw noMaster(`the pid file cannot be read: ${(error as Error).message}`);
  }
  if (!/^[1-9]\d{0,9}$/.test(text)) throw noMaster(`${file} is not a pid file`);
  return Number(text);
}

/** The user of a process; undefined without /proc. */
function userOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

function noMaster(fact: string): ConfigurationError {
  return new ConfigurationError("ERR_NO_MASTER", `Cannot find master: ${fact}`);
}
