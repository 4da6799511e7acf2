import type { FilterRequest } from "./filter-request.js";
import { type HandlerResult, type Reply, type ReplyDefaults, toReply } from "./reply.js";
import type { RoleRequest } from "./request.js";
import type { ResponderRequest } from "./responder-request.js";
import { replyToThrown } from "./error-reply.js";

/**
 * Runs what a middleware wraps and resolves with its reply, which may be changed before it is returned. An `HttpError` of
 * the handler, a 404 and invalid input are replies too, so middleware sees their status. Other failures reject, and become
 * a 500 unless a middleware catches them.
 */
export type Next = () => Promise<Reply>;

/** Wraps handlers: it either answers itself, or calls `next` once and returns its reply or another one. */
export type Middleware<R extends ResponderRequest | FilterRequest = ResponderRequest | FilterRequest> = (
  request: R,
  next: Next,
) => HandlerResult | Promise<HandlerResult>;

/** Wraps a handler in middleware. Without middleware it returns the handler itself, which then costs nothing. */
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
          return Promise.reject(new TypeError("Cannot call next: this middleware already called it"));
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
