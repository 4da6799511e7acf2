import { userInfo } from "node:os";

import { ConfigurationError } from "../errors.js";

/** The user that workers run as, by name or number, and another group than that user's own. */
export interface WantedIdentity {
  readonly user?: string | undefined;
  readonly group?: string | undefined;
}

/** A user and a group of the system. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

const ROOT = 0;

/**
 * Looks up the user and group that workers run as, in every database that the system uses; undefined if they run as this process
 * does. root must choose, because a program that serves the Web should not run as root.
 *
 * @throws ConfigurationError `ERR_IDENTITY` if root has not chosen, another user has, or the user or group does not exist
 */
export function identityOfWorkers({ user, group }: WantedIdentity): Identity | undefined {
  const uid = process.geteuid?.();
  // Windows has no such users.
  if (uid === undefined) return undefined;
  if (uid === ROOT && user === undefined) {
    throw wrong("the workers would run as root; name their user with --user, or root with --user root");
  }
  if (user === undefined && group === undefined) return undefined;
  if (uid !== ROOT) throw wrong("only root can choose the user and group of the workers");
  const found = lookUpUser(user!);
  return { uid: found, gid: group === undefined ? primaryGroupOf(found) : lookUpGroup(group) };
}

/**
 * The module that a worker loads before the program, as a URL for the option `--import` of Node.js: it gives up the privileges of
 * root, so that no line of the program has them. The groups of the user are initialized too, which the options of
 * node:child_process would not do. It does nothing in processes and threads of the program itself, which inherit the option.
 */
export function identityModule({ uid, gid }: Identity): string {
  const source = `
    if (process.geteuid?.() === 0 && process.setuid !== undefined) {
      process.initgroups(${uid}, ${gid});
      process.setgid(${gid});
      process.setuid(${uid});
    }`;
  return `data:text/javascript,${encodeURIComponent(source.replaceAll(/\s+/g, " "))}`;
}

/** Takes the identity of the user for a moment: the system then says whose it is, whatever database has it. */
function lookUpUser(user: string): number {
  try {
    process.seteuid!(numberOr(user));
    return process.geteuid!();
  } catch {
    throw wrong(`there is no user ${user}`);
  } finally {
    process.seteuid!(ROOT);
  }
}

function primaryGroupOf(uid: number): number {
  process.seteuid!(uid);
  try {
    return userInfo().gid;
  } catch {
    throw wrong(`user ${uid} has no entry that names its group; name one with --group`);
  } finally {
    process.seteuid!(ROOT);
  }
}

function lookUpGroup(group: string): number {
  const before = process.getegid!();
  try {
    process.setegid!(numberOr(group));
    return process.getegid!();
  } catch {
    throw wrong(`there is no group ${group}`);
  } finally {
    process.setegid!(before);
  }
}

function numberOr(name: string): string | number {
  return /^\d{1,9}$/.test(name) ? Number(name) : name;
}

function wrong(fact: string): ConfigurationError {
  return new ConfigurationError("ERR_IDENTITY", `Cannot start workers: ${fact}`);
}
