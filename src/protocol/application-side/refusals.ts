import { AbortedError, type AbortedErrorCode, type ProtocolError } from "../../errors.js";
import type { Refusal } from "./application.js";
import { ProtocolStatus, roleName } from "../constants.js";

// A request that a handler may have is refused with an error for that handler. Each has its own: it goes to user code.

/** A role that the application does not know. */
export function unknownRole(role: number): Refusal {
  return {
    status: 500,
    code: "ERR_UNKNOWN_ROLE",
    reason: `the application has no ${roleName(role)}`,
    protocolStatus: ProtocolStatus.UnknownRole,
  };
}

/** More active requests than the connection may have. */
export function busyConnection(requestsPerConnection: number): Refusal {
  return {
    status: 503,
    code: "ERR_LIMIT_REQUESTS",
    reason: `${requestsPerConnection} requests are active on this connection`,
    protocolStatus: requestsPerConnection === 1 ? ProtocolStatus.CantMpxConn : ProtocolStatus.Overloaded,
  };
}

/** More active requests than the process may have. */
export const busyProcess: Refusal = {
  status: 503,
  code: "ERR_LIMIT_REQUESTS",
  reason: "too many requests are active",
  protocolStatus: ProtocolStatus.Overloaded,
};

/** PARAMS that are longer than their limit. */
export function longParams(paramsBytes: number): Refusal {
  return excessiveParams(`PARAMS are longer than ${paramsBytes} bytes`);
}

/** PARAMS that exceed a limit; `excess` says which. */
export function excessiveParams(excess: string): Refusal {
  return { status: 431, code: "ERR_LIMIT_PARAMS", reason: excess };
}

/** PARAMS that are not name-value pairs. */
export function malformedParams(error: ProtocolError): Refusal {
  return { status: 400, code: error.code, reason: error.message };
}

/** STDIN or DATA that is longer than its limit. */
export function longBody(bodyBytes: number): Refusal {
  const reason = `the body is longer than ${bodyBytes} bytes`;
  return { status: 413, code: "ERR_LIMIT_BODY", reason, abort: abort("ERR_ABORTED_LIMIT", reason) };
}

/** PARAMS that had not ended at their deadline. */
export function lateParams(): Refusal {
  return timedOut(408, "PARAMS did not end in time");
}

/** A body of which a handler waited too long for the next piece. */
export function stalledBody(): Refusal {
  return timedOut(408, "the request body stalled");
}

/** A handler whose answer had not begun at its deadline. */
export function lateHandler(): Refusal {
  return timedOut(504, "the handler took too long to answer");
}

/** The server closes, or the connection cannot be read any further. */
export function goingAway(reason: AbortedError): Refusal {
  return { status: 503, code: reason.code, reason: reason.message, abort: reason };
}

/** An aborted request, in a role in which even an answer that is not read must not be empty. */
export const abortedByServer: Refusal = { status: 503, code: "ERR_ABORTED_BY_SERVER", reason: "aborted" };

function timedOut(status: number, reason: string): Refusal {
  const error = abort("ERR_ABORTED_TIMEOUT", reason);
  return { status, code: error.code, reason, abort: error };
}

function abort(code: AbortedErrorCode, fact: string): AbortedError {
  return new AbortedError(code, `Cannot complete request: ${fact}`);
}
