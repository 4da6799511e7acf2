/** Whoever may open any port; Linux calls the others unprivileged ports (net.ipv4.ip_unprivileged_port_start). */
const FIRST_FREE_PORT = 1024;

const FACTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there; stop it, or choose another port",
  EADDRNOTAVAIL: "the host is not an address of this machine; choose one that is, or 127.0.0.1",
  EAFNOSUPPORT: "this machine has no such addresses; choose another host",
  ENOTFOUND: "there is no such host; choose an address of this machine, or 127.0.0.1",
  EAI_AGAIN: "the host cannot be looked up; choose an address of this machine, or 127.0.0.1",
};

/** What it means that the system refuses to listen on a TCP port, with what to do; undefined where that is not known. */
export function listenFactOf(code: string | undefined, port: number): string | undefined {
  if (code === "EACCES" || code === "EPERM") {
    return port < FIRST_FREE_PORT
      ? `ports below ${FIRST_FREE_PORT} need root or CAP_NET_BIND_SERVICE; choose one from ${FIRST_FREE_PORT} on`
      : "this user may not; choose another port";
  }
  return FACTS[code ?? ""];
}
