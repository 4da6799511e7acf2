import type { FilterRequest } from "../roles/filter-request.js";
import type { Middleware } from "../roles/middleware.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { ConfigurationError } from "../errors.js";
import { applying, blamingCaller, callerOf } from "../diagnostics/caller.js";
import type { Class } from "./class.js";
import { requireExperimental, requireParentheses } from "./check-decorator.js";
import { methodMetadata, classMetadata } from "./metadata.js";

/** A decorator for a class or one of its methods. */
export type UseDecorator = (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => void;

/**
 * Wraps all handlers of a responder or a filter, or one handler, in middleware. The first is outermost; the application's
 * middleware wraps that of the class, which wraps that of the method. Authorizers take none, because it could change their
 * decision.
 *
 * @throws ConfigurationError `ERR_MIDDLEWARE` for a value that is not a function
 *
 * @example
 * ```ts
 * import { Get, Responder, Use, type Middleware } from "tricorn";
 *
 * const timed: Middleware = async (request, next) => {
 *   const started = performance.now();
 *   const reply = await next();
 *   request.log.info({ path: request.path, milliseconds: performance.now() - started });
 *   return reply;
 * };
 *
 * @Use(timed)
 * @Responder("/books")
 * class Books {
 *   @Get("/")
 *   list() {
 *     return ["Emma", "Walden"];
 *   }
 * }
 * ```
 */
export function Use<R extends ResponderRequest | FilterRequest = ResponderRequest | FilterRequest>(
  ...middleware: readonly Middleware<R>[]
): UseDecorator {
  const caller = callerOf(Use);
  blamingCaller(Use, () => {
    requireParentheses("@Use", middleware);
    for (const one of middleware) {
      if (typeof one === "function") continue;
      throw new ConfigurationError("ERR_MIDDLEWARE", `Cannot apply @Use: ${String(one)} is not a function`);
    }
  });
  const apply: UseDecorator = (target, key) =>
    applying(apply, caller, () => {
      requireExperimental("@Use", [target, key]);
      const { middleware: recorded } =
        key === undefined ? classMetadata(target as unknown as Class) : methodMetadata(target, key, "@Use");
      // Decorators run last to first.
      recorded.unshift(...(middleware as readonly unknown[] as readonly Middleware[]));
    });
  return apply;
}
