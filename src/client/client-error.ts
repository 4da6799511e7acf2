import { TricornError, type Fault } from "../errors.js";

/** The codes of {@link ClientError}. */
export type ClientErrorCode =
  /** No connection to the application could be made. */
  | "ERR_CLIENT_CONNECT"
  /** The connection closed before END_REQUEST, or the client was closed. */
  | "ERR_CLIENT_CLOSED"
  /** The application did nothing for too long, or the request took longer than it may. */
  | "ERR_CLIENT_TIMEOUT"
  /** END_REQUEST said OVERLOADED and there was no answer. */
  | "ERR_CLIENT_OVERLOADED"
  /** END_REQUEST said UNKNOWN_ROLE and there was no answer. */
  | "ERR_CLIENT_UNKNOWN_ROLE"
  /** END_REQUEST said CANT_MPX_CONN and there was no answer. */
  | "ERR_CLIENT_CANT_MPX"
  /** END_REQUEST carried a protocol status that FastCGI 1.0 does not define, and there was no answer. */
  | "ERR_CLIENT_PROTOCOL_STATUS"
  /** The application broke the FastCGI specification; the cause is a ProtocolError. */
  | "ERR_CLIENT_PROTOCOL"
  /** The header block of the answer is missing or malformed; the cause is a ProtocolError. */
  | "ERR_CLIENT_RESPONSE_HEADER"
  /** The body of the answer is longer or shorter than its Content-Length. */
  | "ERR_CLIENT_RESPONSE_LENGTH"
  /** The source of the request's body failed; the cause is its error. */
  | "ERR_CLIENT_BODY"
  /** An answer that was to be collected in memory is longer than was allowed. */
  | "ERR_CLIENT_LIMIT";

/** What a {@link ClientError} can be told. */
export interface ClientErrorOptions {
  /** `remote` where nothing else is said. */
  readonly fault?: Fault | undefined;
  readonly cause?: unknown;
  /** What the application had written to STDERR. */
  readonly stderr?: string | undefined;
}

/** A request could not be answered by the application, or its answer broke off. */
export class ClientError extends TricornError {
  declare readonly code: ClientErrorCode;
  /** What the application had written to STDERR for this request, as far as it was kept; often the explanation. */
  readonly stderr: string;

  constructor(
    code: ClientErrorCode,
    message: string,
    { fault = "remote", cause, stderr = "" }: ClientErrorOptions = {},
  ) {
    super(code, message, { fault, cause });
    this.stderr = stderr;
  }
}
