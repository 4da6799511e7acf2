/** The first descriptor that systemd passes (sd_listen_fds(3)). */
const FIRST_DESCRIPTOR = 3;
/** The name of a socket that was passed without one. */
const UNNAMED = "unknown";
/** The variables about passed sockets. */
const VARIABLES = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID"];

/** A socket that systemd, or a program with its convention, passed to this process. */
export interface SystemdSocket {
  readonly fd: number;
  /** FileDescriptorName= of its unit, by default the unit's name. */
  readonly name: string;
}

/** The passed sockets. */
export interface SystemdSockets {
  readonly sockets: readonly SystemdSocket[];
  /** The process that they were passed to, if it is another one; then `sockets` is empty. */
  readonly meantFor?: string;
}

/**
 * Parses LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES as sd_listen_fds_with_names(3) does: a process whose id is not LISTEN_PID
 * ignores the sockets, because it inherited the variables from the process that they are for.
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
 * Returns the sockets that were passed to this process, and removes the variables from its environment, so that children do
 * not use the sockets. Later calls return the same.
 */
export function takeSystemdSockets(): SystemdSockets {
  if (taken === undefined) {
    taken = parseSystemdSockets(process.env, process.pid);
    for (const name of VARIABLES) delete process.env[name];
  }
  return taken;
}
