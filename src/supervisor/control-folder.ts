import { lstatSync, mkdirSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";

import { ConfigurationError } from "../errors.js";

/** Only its owner may enter it. */
const FOLDER_MODE = 0o700;
/** The bits of group and others. */
const OTHERS = 0o077;
const WRITABLE_BY_ALL = 0o002;
const STICKY = 0o1000;

/** What the place of control sockets depends on. */
export interface ControlFolderFacts {
  readonly uid: number;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Where a master of this user puts its control socket: below the folder that systemd made for the service (RUNTIME_DIRECTORY), in
 * /run for root, below the folder of the session (XDG_RUNTIME_DIR), or in /tmp under a name with the user's number.
 */
export function controlFolder({ uid, environment }: ControlFolderFacts): string {
  // systemd separates several folders by colons.
  const ofService = environment["RUNTIME_DIRECTORY"]?.split(":")[0] ?? "";
  if (ofService.startsWith("/")) return join(ofService, "control");
  if (uid === 0) return "/run/tricorn";
  const ofSession = environment["XDG_RUNTIME_DIR"] ?? "";
  return ofSession.startsWith("/") ? join(ofSession, "tricorn") : `/tmp/tricorn-${uid}`;
}

/**
 * All folders in which masters of a user may have their control sockets: a master may have been started without the variables
 * that this process has, or with others.
 */
export function controlFolders(facts: ControlFolderFacts): readonly string[] {
  const { uid } = facts;
  const usual = uid === 0 ? [] : [`/run/user/${uid}/tricorn`, `/tmp/tricorn-${uid}`];
  return [...new Set([controlFolder(facts), controlFolder({ uid, environment: {} }), ...usual])];
}

/**
 * Creates the folder of a control socket, or checks the one that exists: no other user may enter or replace it, also in a shared
 * /tmp. A process that can write to the socket can stop the application.
 *
 * @throws ConfigurationError `ERR_CONTROL_FOLDER`
 */
export function makeControlFolder(path: string, uid: number): void {
  try {
    mkdirSync(path, { mode: FOLDER_MODE });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw unsafe(path, `there is no folder ${dirname(path)}`);
    if (code !== "EEXIST") throw unsafe(path, message);
  }
  const fault = faultOf(path, uid);
  if (fault !== undefined) throw unsafe(path, fault);
}

/** Why the folder of a control socket is not safe for a user; undefined if it is. */
export function faultOf(path: string, uid: number): string | undefined {
  const folder = statOf(path);
  if (folder === undefined) return "it does not exist";
  if (!folder.isDirectory()) return "it is not a folder";
  if (folder.uid !== uid) return `it belongs to user ${folder.uid}`;
  if ((folder.mode & OTHERS) !== 0) return `its mode is ${modeOf(folder)}; only 0700 keeps others out`;
  const parent = dirname(path);
  const above = statOf(parent);
  // In a folder that all may write to, others could replace this one, unless it is sticky as /tmp is.
  if (above !== undefined && (above.mode & WRITABLE_BY_ALL) !== 0 && (above.mode & STICKY) === 0) {
    return `everyone may write to ${parent}, whose mode is ${modeOf(above)}`;
  }
  return undefined;
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function modeOf({ mode }: Stats): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

function unsafe(path: string, fact: string): ConfigurationError {
  return new ConfigurationError("ERR_CONTROL_FOLDER", `Cannot open control socket in ${path}: ${fact}`);
}
