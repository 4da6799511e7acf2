import type { ProtocolError } from "../../errors.js";
import type { Refusal } from "./application.js";
import { ProtocolStatus, roleName } from "../constants.js";

/** A role that the application does not know. */
export function unknownRole(role: number): Refusal {
  return {
    status: 500,
    code: "ERR_UNKNOWN_ROLE",
    reason: `nothing here plays ${roleName(role)}`,
    protocolStatus: ProtocolStatus.UnknownRole,
  };
}

/** One request more than may be active on its connection. */
export function busyConnection(requestsPerConnection: number): Refusal {
  return {
    status: 503,
    code: "ERR_LIMIT_REQUESTS",
    reason: `${requestsPerConnection} requests are active on this connection`,
    protocolStatus: requestsPerConnection === 1 ? ProtocolStatus.CantMpxConn : ProtocolStatus.Overloaded,
  };
}

/** One request more than may be active in this process. */
export const busyProcess: Refusal = {
  status: 503,
  code: "ERR_LIMIT_REQUESTS",
  reason: "too many requests are active",
  protocolStatus: ProtocolStatus.Overloaded,
};

/** PARAMS that go on behind their limit. */
export function longParams(paramsBytes: number): Refusal {
  return excessiveParams(`PARAMS are longer than ${paramsBytes} bytes`);
}

/** PARAMS of which something is more than the limits allow; what, in words. */
export function excessiveParams(excess: string): Refusal {
  return { status: 431, code: "ERR_LIMIT_PARAMS", reason: excess };
}

/** PARAMS that are no name-value pairs. */
export function malformedParams(error: ProtocolError): Refusal {
  return { status: 400, code: error.code, reason: error.message };
}

/** STDIN or DATA that goes on behind its limit. */
export function longBody(bodyBytes: number): Refusal {
  return { status: 413, code: "ERR_LIMIT_BODY", reason: `the body is longer than ${bodyBytes} bytes` };
}

/** PARAMS that had not ended at their deadline. */
export const lateParams = tooLate(408, "PARAMS did not end in time");

/** A body of which a handler waited too long for the next piece. */
export const stalledBody = tooLate(408, "the request body stalled");

/** A handler whose answer had not begun at its deadline. */
export const lateHandler = tooLate(504, "the handler took too long to answer");

/** A request that was aborted, for a role in which even an answer that nobody reads must not be empty. */
export const abortedByServer: Refusal = { status: 503, code: "ERR_ABORTED_BY_SERVER", reason: "aborted" };

function tooLate(status: number, reason: string): Refusal {
  return { status, code: "ERR_ABORTED_TIMEOUT", reason };
}
