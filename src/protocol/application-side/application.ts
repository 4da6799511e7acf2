import type { AbortedError } from "../../errors.js";
import type { ProtocolStatus } from "../constants.js";
import type { Exchange } from "./exchange.js";

/** Which input streams a Web server sends in a role beside PARAMS (section 6). */
export interface RoleInputs {
  readonly stdin: boolean;
  readonly data: boolean;
}

/** Why an exchange is not, or no longer, handled. Each role has its own way to say so. */
export interface Refusal {
  /** The HTTP status that fits: 400, 431, 503, 504. */
  readonly status: number;
  /** One sentence for the log, without anything that the client sent. */
  readonly reason: string;
  /** A stable code, such as `ERR_LIMIT_REQUESTS`. */
  readonly code: string;
  /** What END_REQUEST says; REQUEST_COMPLETE if left out. */
  readonly protocolStatus?: ProtocolStatus | undefined;
}

/**
 * What a connection drives: it learns from the application which roles exist, and hands it each request whose PARAMS
 * are complete. This is all that `server/` knows of an application.
 */
export interface Application {
  /** The input streams of a role, or undefined where the role is unknown here (UNKNOWN_ROLE). */
  inputs(role: number): RoleInputs | undefined;
  /** Takes over a request whose PARAMS have ended. Must not throw, and must end the exchange some time. */
  dispatch(exchange: Exchange): void;
  /**
   * Ends an exchange at once with an answer that fits its role: an explicit denial for an authorizer, an error status
   * for the others, or a visible break where the answer has begun. Also called for exchanges that were never dispatched
   * and therefore have no params.
   */
  refuse(exchange: Exchange, refusal: Refusal): void;
  /** The most time that a handler may take until its answer begins, in ms; Infinity for no limit. */
  timeLimit(role: number): number;
  /** An exchange was aborted; only for logs. */
  aborted?(exchange: Exchange, reason: AbortedError): void;
}
