import { problemReply } from "./failure.js";
import { HttpError } from "../http/http-error.js";
import { answerOf, type Reply } from "./reply.js";
import type { RoleRequest } from "./request.js";
import { Deny } from "./verdict.js";

/**
 * The reply that something thrown stands for: an `HttpError`, or a denial such as `redirect("/log-in")`, which is thrown
 * where it cannot be returned. Undefined for what is a failure.
 */
export function replyToThrown(request: RoleRequest, thrown: unknown): Reply | undefined {
  if (isOf(HttpError, thrown)) {
    request.noteHttpError(thrown);
    return problemReply(thrown);
  }
  return Deny.is(thrown) ? answerOf(thrown) : undefined;
}

/** Whether something that was thrown is of a class. Anything can be thrown, also what throws when it is looked at. */
export function isOf<T>(type: new (...args: never[]) => T, thrown: unknown): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    // A revoked proxy, for one.
    return false;
  }
}
