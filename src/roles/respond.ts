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
    if (!isPromise(result)) {
      answer(request, result, defaults);
      return;
    }
    // Not its own then(): other thenables than promises may settle twice, or swallow what the answer throws.
    Promise.resolve(result).then(
      (settled) => answer(request, settled, defaults),
      (error: unknown) => answerError(request, error, defaults),
    );
  } catch (error) {
    answerError(request, error, defaults);
  }
}

/** Sends what a handler returned. Never throws. */
function answer(request: ResponderRequest | FilterRequest, result: unknown, defaults: ReplyDefaults): void {
  try {
    const { exchange, headLimits } = request;
    const sent = sendReply(exchange, toReply(result, defaults), { request, headLimits });
    sent?.then(undefined, (error: unknown) => answerError(request, error, defaults));
  } catch (error) {
    answerError(request, error, defaults);
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}

function answerError(
  request: ResponderRequest | FilterRequest,
  error: unknown,
  { handler }: ReplyDefaults,
): void {
  const { exchange } = request;
  // Whoever was aborted mostly fails for that reason, and nobody waits for the answer.
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
  const reason = request.gaveUp;
  if (exchange.started) exchange.breakOff();
  else void sendReply(exchange, reason === undefined ? internalErrorReply() : problemReply(gaveUp(reason)));
}

/** What a peer is told that has closed its side only, and still waits for an answer that its handler gave up. */
function gaveUp({ code }: AbortedError): HttpError {
  return new HttpError(503, "The request was given up, since its connection was half closed.", { code });
}
