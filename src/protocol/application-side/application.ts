import type { AbortedError } from "../../errors.js";
import type { ProtocolStatus } from "../constants.js";
import type { Exchange } from "./exchange.js";

/** Which input streams a Web server sends after PARAMS in a role (section 6). */
export interface RoleInputs {
  readonly stdin: boolean;
  readonly data: boolean;
}

/** Why a request is refused. Each role answers it in its own way. */
export interface Refusal {
  /** The HTTP status, 400 to 599. */
  readonly status: number;
  /** One sentence for the log, without anything that the client sent. */
  readonly reason: string;
  /** A stable code, such as `ERR_LIMIT_REQUESTS`. */
  readonly code: string;
  /** The protocol status of END_REQUEST; REQUEST_COMPLETE by default. */
  readonly protocolStatus?: ProtocolStatus | undefined;
  /** The reason that a running handler gets; absent if no handler can have the request. */
  readonly abort?: AbortedError | undefined;
}

/**
 * What a connection drives: the application says which roles it plays, and takes each request whose PARAMS are complete.
 * This is all that `server/` knows of an application.
 */
export interface Application {
  /** The input streams of a role; undefined if the application does not play it (UNKNOWN_ROLE). */
  inputs(role: number): RoleInputs | undefined;
  /** Takes over a request whose PARAMS have ended. Must not throw, and must end the exchange at some time. */
  dispatch(exchange: Exchange): void;
  /**
   * Ends an exchange at once with an answer that fits its role: a denial for an authorizer, an error status for the others,
   * or a visible break if the answer has begun. Also called for exchanges that were never dispatched and have no params.
   */
  refuse(exchange: Exchange, refusal: Refusal): void;
  /** How long a handler may take until its answer begins, in ms; Infinity for no limit. */
  timeLimit(role: number): number;
  /** An exchange was aborted; for logs only. */
  aborted?(exchange: Exchange, reason: AbortedError): void;
}
