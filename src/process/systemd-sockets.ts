/** The first descriptor that systemd hands over (sd_listen_fds(3)). */
const FIRST_DESCRIPTOR = 3;
/** What the name of a socket is where the one who passed it gave none. */
const UNNAMED = "unknown";
/** All that is said of passed sockets. */
const VARIABLES = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID"];

/** A socket that systemd, or somebody who follows its convention, passed to this process. */
export interface SystemdSocket {
  readonly fd: number;
  /** FileDescriptorName= of its unit, the name of the unit if that says none. */
  readonly name: string;
}

/** The sockets that were passed. */
export interface SystemdSockets {
  readonly sockets: readonly SystemdSocket[];
  /** The process that they were meant for, where that is another one; then there are none. */
  readonly meantFor?: string;
}

/**
 * Reads LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES as sd_listen_fds_with_names(3) does: without a LISTEN_PID of its own
 * a process leaves the sockets alone, since it inherited the variables from the one that they are for.
 */
export function parseSystemdSockets(environment: NodeJS.ProcessEnv, pid: number): SystemdSockets {
  const { LISTEN_FDS: count = "", LISTEN_PID: meantFor, LISTEN_FDNAMES: names } = environment;
  if (!/^[1-9]\d{0,3}$/.test(count) || meantFor === undefined) return { sockets: [] };
  if (Number(meantFor) !== pid) return { sockets: [], meantFor };
  const given = names?.split(":") ?? [];
  const sockets = Array.from({ length: Number(count) }, (_, index) => ({
    fd: FIRST_DESCRIPTOR + index,
    name: given[index] ?? UNNAMED,
  }));
  return { sockets };
}

let taken: SystemdSockets | undefined;

/**
 * The sockets that were passed to this process. The variables are removed from its environment with that, so that no
 * child takes the sockets for its own; a second call yields the same.
 */
export function takeSystemdSockets(): SystemdSockets {
  if (taken === undefined) {
    taken = parseSystemdSockets(process.env, process.pid);
    for (const name of VARIABLES) delete process.env[name];
  }
  return taken;
}
