import { HttpError } from "../http/http-error.js";
import type { Refusal } from "../protocol/application-side/application.js";
import { Reply, answerOf } from "./reply.js";
import type { RoleRequest } from "./request.js";
import { Deny } from "./verdict.js";

/** The reply to an HttpError: problem details (RFC 9457). */
export function problemReply(error: HttpError): Reply {
  return new Reply(JSON.stringify(error.toProblem()), {
    status: error.status,
    headers: error.headers,
    type: "application/problem+json",
  });
}

/** The error that a client sees of a refusal. */
export function refusalError({ status, reason, code }: Refusal): HttpError {
  return new HttpError(status, `${reason[0]?.toUpperCase() ?? ""}${reason.slice(1)}.`, { code });
}

const internalError = new HttpError(500, "The request could not be completed.");

/** A 500 without details: only the log says what failed. */
export function internalErrorReply(): Reply {
  return problemReply(internalError);
}

/**
 * The reply that a thrown value stands for: an `HttpError`, or a denial such as `redirect("/log-in")`, which can be thrown
 * where it cannot be returned. Undefined for a failure.
 */
export function replyToThrown(request: RoleRequest, thrown: unknown): Reply | undefined {
  if (isOf(HttpError, thrown)) {
    request.noteHttpError(thrown);
    return problemReply(thrown);
  }
  return Deny.is(thrown) ? answerOf(thrown) : undefined;
}

/** Whether a thrown value is an instance of a class. Any value can be thrown, even one that throws on inspection. */
export function isOf<T>(type: new (...args: never[]) => T, thrown: unknown): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    // A revoked proxy, for one.
    return false;
  }
}
