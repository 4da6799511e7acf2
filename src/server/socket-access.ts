import { chmodSync, chownSync, readFileSync } from "node:fs";

import { ConfigurationError } from "../errors.js";

/** Who may connect to a unix socket. */
export interface SocketAccess {
  /** The mode of the socket; 0o660 by default: its owner and group. */
  readonly mode?: number | undefined;
  /** The owner, by number or name; the user of the process by default. */
  readonly owner?: number | string | undefined;
  /** The group, by number or name. */
  readonly group?: number | string | undefined;
}

/** The same with the defaults, and names looked up. */
export interface GivenAccess {
  readonly mode: number;
  readonly owner: number | undefined;
  readonly group: number | undefined;
}

const DEFAULT_MODE = 0o660;
/** The number that leaves an owner or group as it is (chown(2)). */
const UNCHANGED = -1;
/** The permission to write to a socket is the one to connect to it (unix(7)). */
const WRITE = { group: 0o020, others: 0o002 };

/**
 * Looks up owner and group.
 *
 * @throws ConfigurationError `ERR_SOCKET_ACCESS` for an owner or group that does not exist
 */
export function givenAccess({ mode = DEFAULT_MODE, owner, group }: SocketAccess = {}): GivenAccess {
  return { mode, owner: idOf(owner, "/etc/passwd"), group: idOf(group, "/etc/group") };
}

/** Sets owner, group and mode, in this order: the mode must not apply to the old group. */
export function giveAccess(path: string, { mode, owner, group }: GivenAccess): void {
  if (owner !== undefined || group !== undefined) chownSync(path, owner ?? UNCHANGED, group ?? UNCHANGED);
  chmodSync(path, mode);
}

/** Whether a socket bound under a umask lets in others than it should until its access is set. */
export function letsInOthers(umask: number, { mode, group }: GivenAccess): boolean {
  const open = ~umask & (WRITE.group | WRITE.others);
  const wanted = group === undefined ? mode : mode & ~WRITE.group;
  return (open & ~wanted) !== 0;
}

/** The number of a user or group; a name is looked up. */
function idOf(name: number | string | undefined, database: string): number | undefined {
  if (typeof name !== "string") return name;
  const fields = readFileSync(database, "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([first]) => first === name);
  if (fields?.[2] !== undefined) return Number(fields[2]);
  throw new ConfigurationError("ERR_SOCKET_ACCESS", `Cannot set up unix socket: ${database} has no ${name}`);
}
