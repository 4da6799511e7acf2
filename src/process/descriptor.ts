import { fstatSync, readFileSync, readdirSync, statSync, type Stats } from "node:fs";

/**
 * The kind of a descriptor of this process. `null` is /dev/null, which Node.js also opens for descriptors 0 to 2 that are
 * closed when it starts; `socket` is one that does not listen.
 */
export type DescriptorKind = "closed" | "null" | "listening" | "socket" | "other";

/** The flag of a listening socket in /proc/net/unix (__SO_ACCEPTCON). */
const ACCEPTING = 0x10000;
/** The state of a listening socket in /proc/net/tcp (TCP_LISTEN). */
const TCP_LISTEN = "0A";

/**
 * Returns the kind of a descriptor without opening it, which would take it from its owner. Listening sockets are only
 * recognized on Linux with /proc.
 */
export function kindOfDescriptor(fd: number): DescriptorKind {
  const stat = fstatSafely(fd);
  if (stat === undefined) return "closed";
  if (stat.isSocket()) return isListening(stat.ino) ? "listening" : "socket";
  return stat.isCharacterDevice() && stat.rdev === statSync("/dev/null").rdev ? "null" : "other";
}

/**
 * Whether writes to a descriptor leave the process. They do not if it is open for reading only, or if Node.js made it for
 * itself: an event queue, or a pipe whose other end is in this process.
 */
export function isWritable(fd: number): boolean {
  const stat = fstatSafely(fd);
  if (stat === undefined || isForReading(fd)) return false;
  if (!stat.isFIFO()) return stat.isFile() || stat.isSocket() || stat.isCharacterDevice();
  return !ownDescriptors().some((other) => fstatSafely(other)?.ino === stat.ino && isForReading(other));
}

/** The descriptors of this process; none without /proc. */
function ownDescriptors(): number[] {
  try {
    return readdirSync("/proc/self/fd").map(Number);
  } catch {
    return [];
  }
}

/** Whether a descriptor was opened with O_RDONLY (proc(5): the flags are octal, and their last two bits are 0). */
function isForReading(fd: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & 3) === 0;
  } catch {
    return false;
  }
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

/** The socket table of this process's network, in /proc/self, which exists even if /proc shows only processes. */
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
