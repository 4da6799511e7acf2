/** Ports below this one are privileged on Linux by default (net.ipv4.ip_unprivileged_port_start). */
const FIRST_UNPRIVILEGED_PORT = 1024;

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there; stop it, or choose another port",
  EADDRNOTAVAIL: "the host is not an address of this machine; choose one that is, or 127.0.0.1",
  EAFNOSUPPORT: "this machine has no such addresses; choose another host",
  ENOTFOUND: "there is no such host; choose an address of this machine, or 127.0.0.1",
  EAI_AGAIN: "the host cannot be looked up; choose an address of this machine, or 127.0.0.1",
};

/**
 * Returns why the system refuses to listen on a TCP port, and what to do.
 *
 * @param code the system's error code, such as `EADDRINUSE`
 * @returns undefined for a code that needs the system's own message
 */
export function listenReason(code: string | undefined, port: number): string | undefined {
  if (code === "EACCES" || code === "EPERM") {
    return port < FIRST_UNPRIVILEGED_PORT
      ? `ports below ${FIRST_UNPRIVILEGED_PORT} need root or CAP_NET_BIND_SERVICE; choose one from ${FIRST_UNPRIVILEGED_PORT} on`
      : "this user may not; choose another port";
  }
  return REASONS[code ?? ""];
}
