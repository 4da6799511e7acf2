import { ClientError } from "../client/index.js";
import { ProtocolError } from "../errors.js";

/** The HTTP status that tells of a failure: 504 for an application that takes too long, 502 for one that is not there. */
export function failureStatus(error: unknown): number {
  if (error instanceof ProtocolError) return 502;
  if (!(error instanceof ClientError)) return 500;
  switch (error.code) {
    case "ERR_CLIENT_TIMEOUT":
      return 504;
    case "ERR_CLIENT_OVERLOADED":
      return 503;
    case "ERR_CLIENT_BODY":
      return 500;
    default:
      return 502;
  }
}
