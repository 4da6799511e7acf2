import { fstatSync, readFileSync } from "node:fs";

/** The first descriptor that systemd hands over (sd_listen_fds(3)). */
const FIRST_SYSTEMD_FD = 3;
/** The flag of a listening socket in /proc/net/unix (__SO_ACCEPTCON). */
const ACCEPTING = 0x10000;
/** The state of a listening socket in /proc/net/tcp (TCP_LISTEN). */
const TCP_LISTEN = "0A";

/**
 * Whether descriptor 0 is a listening socket: how spawn-fcgi, mod_fcgid and lighttpd hand it to an application
 * (section 2.2, FCGI_LISTENSOCK_FILENO). Looks without touching the descriptor, since a CGI program still needs it.
 */
export function isListening(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isSocket() && (isListeningUnix(stat.ino) || isListeningTcp(stat.ino));
  } catch {
    // Closed, or a system without /proc: then an address has to be named.
    return false;
  }
}

/** The descriptor of the first socket that systemd passed to this process, or undefined. */
export function systemdSocket(environment: NodeJS.ProcessEnv): number | undefined {
  const count = Number(environment["LISTEN_FDS"]);
  if (!Number.isInteger(count) || count < 1) return undefined;
  const pid = environment["LISTEN_PID"];
  return pid === undefined || Number(pid) === process.pid ? FIRST_SYSTEMD_FD : undefined;
}

function isListeningUnix(inode: number): boolean {
  return socketTable("unix").some((fields) => {
    return fields[6] === String(inode) && (Number.parseInt(fields[3] ?? "", 16) & ACCEPTING) !== 0;
  });
}

function isListeningTcp(inode: number): boolean {
  return ["tcp", "tcp6"].some((name) =>
    socketTable(name).some((fields) => fields[9] === String(inode) && fields[3] === TCP_LISTEN),
  );
}

function socketTable(name: string): string[][] {
  const lines = readFileSync(`/proc/net/${name}`, "latin1").split("\n");
  return lines.slice(1).map((line) => line.trim().split(/\s+/));
}
