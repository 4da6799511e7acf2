import type { FilterRequest } from "./filter-request.js";
import { type HandlerResult, type Reply, type ReplyDefaults, toReply } from "./reply.js";
import type { RoleRequest } from "./request.js";
import type { ResponderRequest } from "./responder-request.js";
import { replyToThrown } from "./error-reply.js";

/**
 * Runs what is inside of a middleware and gives its reply, which may be changed before it is returned. An `HttpError` of
 * the handler, a 404 and input that does not fit are replies too, so that middleware sees their status; what else fails
 * rejects, and becomes a 500 when no middleware catches it.
 */
export type Next = () => Promise<Reply>;

/** Wraps handlers: it may answer itself, or call `next` once and return its reply or another. */
export type Middleware<R extends ResponderRequest | FilterRequest = ResponderRequest | FilterRequest> = (
  request: R,
  next: Next,
) => HandlerResult | Promise<HandlerResult>;

/**
 * Puts middleware around a handler. Without any the handler itself is returned, so that nobody pays for it.
 */
export function compose<R extends ResponderRequest | FilterRequest>(
  middleware: readonly Middleware<R>[],
  handler: (request: R) => unknown,
  defaults: ReplyDefaults,
): (request: R) => unknown {
  if (middleware.length === 0) return handler;
  return (request) => {
    const run = async (index: number): Promise<Reply> => {
      const current = middleware[index];
      if (current === undefined) return runHandler(request, handler, defaults);
      let called = false;
      const next: Next = () => {
        if (called)
          return Promise.reject(new TypeError("Cannot call next: this middleware called it already"));
        called = true;
        return run(index + 1);
      };
      return toReply(await current(request, next), defaults);
    };
    return run(0);
  };
}

async function runHandler<R extends RoleRequest>(
  request: R,
  handler: (request: R) => unknown,
  defaults: ReplyDefaults,
): Promise<Reply> {
  try {
    return toReply(await handler(request), defaults);
  } catch (error) {
    const answered = replyToThrown(request, error);
    if (answered !== undefined) return answered;
    throw error;
  }
}
