import { ConfigurationError } from "../errors.js";
import { listenReason } from "../diagnostics/listen-reason.js";

/** The address of a gateway. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The error for an address that the system refuses, with advice if there is any. */
export function listenError({ host, port }: ListenAddress, cause: unknown): ConfigurationError {
  const { code } = cause as NodeJS.ErrnoException;
  const fact = listenReason(code, port) ?? (cause instanceof Error ? cause.message : String(code));
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new ConfigurationError("ERR_GATEWAY_LISTEN", `Cannot listen on ${address}: ${fact}`, cause);
}

/** @throws ConfigurationError `ERR_GATEWAY_LISTEN` for an invalid port */
export function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return;
  // Usually from Number(process.env.PORT).
  const what = Number.isNaN(port)
    ? "the port is NaN, the result of Number(…) for text that is not a number"
    : `the port ${typeof port === "number" ? port : JSON.stringify(port)} is not an integer from 0 to 65535`;
  throw new ConfigurationError(
    "ERR_GATEWAY_LISTEN",
    `Cannot listen: ${what}; use a number such as 8080, or check PORT in the environment`,
  );
}
