import { TricornError, type Fault } from "../errors.js";
import { ProtocolStatus } from "../protocol/constants.js";

/** The codes of {@link ClientError}. */
export type ClientErrorCode =
  /** The connection to the application failed. */
  | "ERR_CLIENT_CONNECT"
  /** The connection closed before END_REQUEST, or the client was closed. */
  | "ERR_CLIENT_CLOSED"
  /** The application made no progress in time, or the request exceeded its `timeout`. */
  | "ERR_CLIENT_TIMEOUT"
  /** END_REQUEST with OVERLOADED, and no response. */
  | "ERR_CLIENT_OVERLOADED"
  /** END_REQUEST with UNKNOWN_ROLE, and no response. */
  | "ERR_CLIENT_UNKNOWN_ROLE"
  /** END_REQUEST with CANT_MPX_CONN, and no response. */
  | "ERR_CLIENT_CANT_MPX"
  /** END_REQUEST with a protocol status that FastCGI 1.0 does not define, and no response. */
  | "ERR_CLIENT_PROTOCOL_STATUS"
  /** The application broke the FastCGI specification; the cause is a ProtocolError. */
  | "ERR_CLIENT_PROTOCOL"
  /** The header block of the response is missing or malformed; the cause is a ProtocolError. */
  | "ERR_CLIENT_RESPONSE_HEADER"
  /** The body of the response is longer or shorter than its Content-Length. */
  | "ERR_CLIENT_RESPONSE_LENGTH"
  /** The source of the request's body failed; the cause is its error. */
  | "ERR_CLIENT_BODY"
  /** A response that was collected in memory exceeded its limit. */
  | "ERR_CLIENT_LIMIT";

/** Options of {@link ClientError}. */
export interface ClientErrorOptions {
  /** Default: `remote`. */
  readonly fault?: Fault | undefined;
  readonly cause?: unknown;
  /** The application's STDERR so far. */
  readonly stderr?: string | undefined;
}

/** A request got no response from the application, or the response is incomplete. */
export class ClientError extends TricornError {
  declare readonly code: ClientErrorCode;
  /** The application's STDERR for this request, up to `stderrBytes`; it often explains the error. */
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

const refusals: Readonly<Record<number, readonly [ClientErrorCode, string]>> = {
  [ProtocolStatus.CantMpxConn]: ["ERR_CLIENT_CANT_MPX", "accepts one request at a time on a connection"],
  [ProtocolStatus.Overloaded]: ["ERR_CLIENT_OVERLOADED", "is overloaded"],
  [ProtocolStatus.UnknownRole]: ["ERR_CLIENT_UNKNOWN_ROLE", "does not know the role"],
};
const otherRefusal: readonly [ClientErrorCode, string] = [
  "ERR_CLIENT_PROTOCOL_STATUS",
  "ended it with an unknown protocol status",
];

/** The error for a request that the application refused with a protocol status (section 5.5). */
export function refusedBy(protocolStatus: number, stderr: string): ClientError {
  const [code, fact] = refusals[protocolStatus] ?? otherRefusal;
  return new ClientError(code, `Cannot complete request: the application ${fact}`, { stderr });
}
