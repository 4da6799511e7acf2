import type { FilterRequest } from "./filter-request.js";
import type { AbortedError } from "../errors.js";
import { internalErrorReply, problemReply, isOf, replyToThrown } from "./error-reply.js";
import { HttpError } from "../http/http-error.js";
import { ReplyBodyError } from "./reply-content.js";
import { type ReplyDefaults, toReply } from "./reply.js";
import type { ResponderRequest } from "./responder-request.js";
import { sendReply } from "./send-reply.js";

/**
 * Runs a handler and sends what it returns or throws. Never throws; a handler that answers at once is answered without
 * a promise in between.
 */
export function respond<R extends ResponderRequest | FilterRequest>(
  request: R,
  run: (request: R) => unknown,
  defaults: ReplyDefaults,
): void {
  try {
    const result = run(request);
    if (!isThenable(result)) {
      sendResult(request, result, defaults);
      return;
    }
    // Not its own then(): a thenable that is not a promise may settle twice, or swallow errors.
    const promise = Promise.resolve(result);
    request.exchange.observer?.waits(promise);
    promise.then(
      (settled) => sendResult(request, settled, defaults),
      (error: unknown) => sendError(request, error, defaults),
    );
  } catch (error) {
    sendError(request, error, defaults);
  }
}

/** Sends the result of a handler. Never throws. */
function sendResult(
  request: ResponderRequest | FilterRequest,
  result: unknown,
  defaults: ReplyDefaults,
): void {
  try {
    const { exchange, headLimits } = request;
    const sent = sendReply(exchange, toReply(result, defaults), { request, headLimits });
    if (sent === undefined) return;
    exchange.observer?.waits(sent);
    sent.then(undefined, (error: unknown) => sendError(request, error, defaults));
  } catch (error) {
    sendError(request, error, defaults);
  }
}

function isThenable(value: unknown): value is Promise<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}

function sendError(
  request: ResponderRequest | FilterRequest,
  error: unknown,
  { handler }: ReplyDefaults,
): void {
  const { exchange } = request;
  // A handler mostly fails because it was aborted, and then the peer expects no answer.
  if (exchange.ended || exchange.aborted !== undefined) {
    exchange.end({ applicationStatus: 1 });
    return;
  }
  let cause = error;
  try {
    const answered = replyToThrown(request, error);
    if (answered !== undefined) {
      void sendReply(exchange, answered, { headLimits: request.headLimits });
      return;
    }
  } catch (failure) {
    // Its header fields cannot be sent, or its problem has no JSON form.
    cause = failure;
  }
  if (handler !== undefined && isOf(ReplyBodyError, cause)) cause.attribute(handler);
  request.logFailure(cause);
  const reason = request.abortReason;
  if (exchange.started) exchange.breakOff();
  else
    void sendReply(exchange, reason === undefined ? internalErrorReply() : problemReply(abandoned(reason)));
}

/** The answer to a peer that closed its sending side and still waits, after its handler failed. */
function abandoned({ code }: AbortedError): HttpError {
  return new HttpError(503, "The request was abandoned because its connection was half closed.", { code });
}
