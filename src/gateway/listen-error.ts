import { ConfigurationError } from "../errors.js";
import { listenReason } from "../diagnostics/listen-reason.js";

/** Where a gateway was to listen. */
export interface ListenPlace {
  readonly host: string;
  readonly port: number;
}

/** The error for a host and port that the system refuses, with its cure where one is known. */
export function listenError({ host, port }: ListenPlace, cause: unknown): ConfigurationError {
  const { code } = cause as NodeJS.ErrnoException;
  const fact = listenReason(code, port) ?? (cause instanceof Error ? cause.message : String(code));
  const place = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new ConfigurationError("ERR_GATEWAY_LISTEN", `Cannot listen on ${place}: ${fact}`, cause);
}

/** @throws ConfigurationError `ERR_GATEWAY_LISTEN` for what is no port */
export function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return;
  // Mostly it is Number(process.env.PORT) of what is no number.
  const what = Number.isNaN(port)
    ? "the port is NaN, which Number(…) makes of text that is no number"
    : `the port ${typeof port === "number" ? port : JSON.stringify(port)} is no whole number from 0 to 65535`;
  throw new ConfigurationError(
    "ERR_GATEWAY_LISTEN",
    `Cannot listen: ${what}; write a number such as 8080, or see what PORT holds in the environment`,
  );
}
