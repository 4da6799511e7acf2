import type { DescriptorKind } from "../process/descriptor.js";
import { ConfigurationError } from "../errors.js";

/** Where the lines of the log go. */
export type LogDestination =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "descriptor"; readonly fd: number }
  /** Nobody would see them. */
  | { readonly kind: "nowhere" };

/** What decides about it. */
export interface LogFacts {
  /** TRICORN_LOG. */
  readonly named: string | undefined;
  /** Whether descriptor 1 is the answer of a CGI program. */
  readonly isCgi: boolean;
  readonly kindOf: (fd: number) => DescriptorKind;
  readonly isWritable: (fd: number) => boolean;
}

const INPUT = 0;
const OUTPUT = 1;
const ERRORS = 2;

/**
 * Chooses the first of these where lines are seen: what TRICORN_LOG names; descriptor 2, which is the journal under
 * systemd and the error log of the Web server under lighttpd and mod_fcgid; descriptor 1, where it is nothing that a
 * peer reads. Under spawn-fcgi both are /dev/null.
 *
 * @throws ConfigurationError `ERR_LOG_DESTINATION` where TRICORN_LOG names what cannot be written to, or must not
 */
export function chooseLogDestination(facts: LogFacts): LogDestination {
  const { named = "", isCgi, kindOf } = facts;
  if (named !== "") return namedDestination(named, facts);
  const errors = kindOf(ERRORS);
  if (errors === "other" || errors === "socket") return { kind: "descriptor", fd: ERRORS };
  // With systemd's `StandardInput=socket` it is the listening socket, and a program of inetd has the client there.
  if (!isCgi && kindOf(OUTPUT) === "other") return { kind: "descriptor", fd: OUTPUT };
  return { kind: "nowhere" };
}

function namedDestination(named: string, facts: LogFacts): LogDestination {
  const fd = descriptorOf(named);
  if (fd === undefined) return { kind: "file", path: named };
  if (facts.kindOf(fd) === "null") return { kind: "nowhere" };
  const fault = faultOf(fd, facts);
  if (fault === undefined) return { kind: "descriptor", fd };
  throw new ConfigurationError(
    "ERR_LOG_DESTINATION",
    `Cannot log to ${JSON.stringify(named)}, which TRICORN_LOG names: ${fault}`,
  );
}

function descriptorOf(named: string): number | undefined {
  if (named === "stdout") return OUTPUT;
  if (named === "stderr") return ERRORS;
  const number = /^fd:(\d{1,9})$/.exec(named)?.[1];
  return number === undefined ? undefined : Number(number);
}

function faultOf(fd: number, { isCgi, kindOf, isWritable }: LogFacts): string | undefined {
  const kind = kindOf(fd);
  if (fd === INPUT) return "descriptor 0 is what the process reads from";
  if (fd === OUTPUT && isCgi) return "it is the answer of a CGI program";
  if (kind === "closed") return "the descriptor is closed";
  if (kind === "listening") return "it is a listening socket";
  return isWritable(fd) ? undefined : "nobody reads what is written to the descriptor";
}
