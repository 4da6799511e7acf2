import type { DescriptorKind } from "../process/descriptor.js";
import { ConfigurationError } from "../errors.js";

/** Where the log goes. */
export type LogDestination =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "descriptor"; readonly fd: number }
  /** No descriptor would show its lines. */
  | { readonly kind: "nowhere" };

/** What the choice depends on. */
export interface LogFacts {
  /** TRICORN_LOG. */
  readonly named: string | undefined;
  /** Whether descriptor 1 carries the answer of a CGI program. */
  readonly isCgi: boolean;
  readonly kindOf: (fd: number) => DescriptorKind;
  readonly isWritable: (fd: number) => boolean;
}

const INPUT = 0;
const OUTPUT = 1;
const ERRORS = 2;

/**
 * Chooses the first visible destination: the one that TRICORN_LOG names; descriptor 2, which is the journal under systemd
 * and the Web server's error log under lighttpd and mod_fcgid; descriptor 1, unless a peer reads it. Under spawn-fcgi both
 * descriptors are /dev/null.
 *
 * @throws ConfigurationError `ERR_LOG_DESTINATION` if TRICORN_LOG names something that cannot or must not be written to
 */
export function chooseLogDestination(facts: LogFacts): LogDestination {
  const { named = "", isCgi, kindOf } = facts;
  if (named !== "") return namedDestination(named, facts);
  const errors = kindOf(ERRORS);
  if (errors === "other" || errors === "socket") return { kind: "descriptor", fd: ERRORS };
  // Under systemd's `StandardInput=socket` it is the listening socket, under inetd the client's connection.
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
  if (fd === INPUT) return "descriptor 0 is the standard input";
  if (fd === OUTPUT && isCgi) return "it carries the answer of a CGI program";
  if (kind === "closed") return "the descriptor is closed";
  if (kind === "listening") return "it is a listening socket";
  return isWritable(fd) ? undefined : "the descriptor is not open for writing, or has no reader";
}
