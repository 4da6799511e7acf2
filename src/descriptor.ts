import { fstatSync, readFileSync, statSync, type Stats } from "node:fs";

/**
 * What a descriptor of this process is. `null` is /dev/null, which Node.js also puts in the place of descriptors 0 to 2
 * that were closed when it was started; `socket` is one that does not listen.
 */
export type DescriptorKind = "closed" | "null" | "listening" | "socket" | "other";

/** The flag of a listening socket in /proc/net/unix (__SO_ACCEPTCON). */
const ACCEPTING = 0x10000;
/** The state of a listening socket in /proc/net/tcp (TCP_LISTEN). */
const TCP_LISTEN = "0A";

/**
 * Looks at a descriptor without touching it: to open it would take it from whoever needs it. Sockets are told apart on
 * Linux only; elsewhere, and without /proc, none of them listens.
 */
export function kindOfDescriptor(fd: number): DescriptorKind {
  const stat = fstatSafely(fd);
  if (stat === undefined) return "closed";
  if (stat.isSocket()) return isListening(stat.ino) ? "listening" : "socket";
  return stat.isCharacterDevice() && stat.rdev === statSync("/dev/null").rdev ? "null" : "other";
}

function fstatSafely(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}

function isListening(inode: number): boolean {
  const unix = socketTable("unix").some(
    (fields) => fields[6] === String(inode) && (Number.parseInt(fields[3] ?? "", 16) & ACCEPTING) !== 0,
  );
  return (
    unix ||
    [...socketTable("tcp"), ...socketTable("tcp6")].some(
      (fields) => fields[9] === String(inode) && fields[3] === TCP_LISTEN,
    )
  );
}

/** The sockets of this process' network. Below its own folder, which is there where /proc shows processes alone. */
function socketTable(name: "unix" | "tcp" | "tcp6"): string[][] {
  let text: string;
  try {
    text = readFileSync(`/proc/self/net/${name}`, "latin1");
  } catch {
    return [];
  }
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
}
