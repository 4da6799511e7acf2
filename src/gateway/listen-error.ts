import { ConfigurationError } from "../errors.js";

/** What the system says of a port or host, with what to do. */
const FACTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there; stop it, or choose another port",
  EACCES: "this user may not; choose a port from 1024 on",
  EPERM: "this user may not; choose a port from 1024 on",
  EADDRNOTAVAIL: "the host is not an address of this machine; choose one that is, or 127.0.0.1",
  EAFNOSUPPORT: "this machine has no such addresses; choose another host",
  ENOTFOUND: "there is no such host; choose an address of this machine, or 127.0.0.1",
  EAI_AGAIN: "the host cannot be looked up; choose an address of this machine, or 127.0.0.1",
};

/** The error for a host and port that the system refuses, with its cure where one is known. */
export function listenError(place: string, cause: unknown): ConfigurationError {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const fact = FACTS[code] ?? (cause instanceof Error ? cause.message : code);
  return new ConfigurationError("ERR_GATEWAY_LISTEN", `Cannot listen on ${place}: ${fact}`, cause);
}

/** @throws ConfigurationError `ERR_GATEWAY_LISTEN` for what is no port */
export function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return;
  throw new ConfigurationError(
    "ERR_GATEWAY_LISTEN",
    `Cannot listen on port ${port}: it is not a whole number from 0 to 65535; choose one that is`,
  );
}
