/** Whose fault an error is: `local` (the caller's code or configuration) or `remote` (the peer on the wire). */
export type Fault = "local" | "remote";

/** Options of {@link TricornError}. */
export interface TricornErrorOptions {
  readonly fault: Fault;
  /** The error that caused this one. */
  readonly cause?: unknown;
}

/**
 * The base class of all errors of Tricorn. The {@link code} is stable across releases and has a heading in docs/errors.md;
 * the message says what could not be done, and then the fact that prevented it.
 */
export class TricornError extends Error {
  /** A stable identifier, such as `ERR_FCGI_VERSION`. */
  readonly code: string;
  /** Whose fault it is. */
  readonly fault: Fault;

  constructor(code: string, message: string, { fault, cause }: TricornErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.fault = fault;
  }
}

/** The peer violated the specification of FastCGI or SCGI, so the connection cannot be read any further. */
export class ProtocolError extends TricornError {
  constructor(code: ProtocolErrorCode, message: string) {
    super(code, message, { fault: "remote" });
  }
}

/** The codes of {@link ProtocolError}. */
export type ProtocolErrorCode =
  | "ERR_FCGI_VERSION"
  | "ERR_FCGI_NULL_REQUEST_ID"
  | "ERR_FCGI_DUPLICATE_BEGIN"
  | "ERR_FCGI_STREAM_CLOSED"
  | "ERR_FCGI_BODY_LENGTH"
  | "ERR_FCGI_NAME_VALUE"
  | "ERR_FCGI_RESPONSE_HEADER"
  | "ERR_FCGI_RECORD_TYPE"
  | "ERR_SCGI_NETSTRING"
  | "ERR_SCGI_HEADERS"
  | "ERR_SCGI_BODY_LENGTH";

/** The path and heading that explain a code. */
export function documentOf(code: string): string {
  return `tricorn/docs/errors.md#${code.toLowerCase()}`;
}

/** The code that uses Tricorn is wrong: its configuration, a decorator, a class or an option. */
export class ConfigurationError extends TricornError {
  /** The path and heading that explain the code. */
  readonly document: string;
  /** The position of the mistake as `file:line:column`: the decorator, or the call; undefined if unknown. */
  declare place: string | undefined;

  constructor(code: string, message: string, cause?: unknown) {
    super(code, message, { fault: "local", cause });
    this.document = documentOf(code);
  }
}

/** A request ended before its answer was complete. This is the reason of `request.signal`. */
export class AbortedError extends TricornError {
  constructor(code: AbortedErrorCode, message: string, cause?: unknown) {
    super(code, message, { fault: code === "ERR_ABORTED_SHUTDOWN" ? "local" : "remote", cause });
  }
}

/** The codes of {@link AbortedError}: why a request ended early. */
export type AbortedErrorCode =
  | "ERR_ABORTED_BY_SERVER"
  | "ERR_ABORTED_DISCONNECT"
  | "ERR_ABORTED_LIMIT"
  | "ERR_ABORTED_TIMEOUT"
  | "ERR_ABORTED_SHUTDOWN";
