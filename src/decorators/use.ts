import type { FilterRequest } from "../roles/filter-request.js";
import type { Middleware } from "../roles/middleware.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { ConfigurationError } from "../errors.js";
import { applying, blamingCaller, callerOf } from "../diagnostics/caller.js";
import type { Class } from "./class.js";
import { requireExperimental, requireParentheses } from "./decorated.js";
import { markMember, marksOf } from "./metadata.js";

/** A decorator for a class or for one of its methods. */
export type UseDecorator = (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => void;

/**
 * Puts middleware around all handlers of a responder or a filter, or around one handler. The first is outermost; that of
 * the application is outside of that of the class, which is outside of that of the method. Authorizers take none: what
 * they decide is not to be changed.
 *
 * @throws ConfigurationError `ERR_MIDDLEWARE` for what is no function
 */
export function Use<R extends ResponderRequest | FilterRequest = ResponderRequest | FilterRequest>(
  ...middleware: readonly Middleware<R>[]
): UseDecorator {
  const caller = callerOf(Use);
  blamingCaller(Use, () => {
    requireParentheses("@Use", middleware);
    for (const one of middleware) {
      if (typeof one === "function") continue;
      throw new ConfigurationError("ERR_MIDDLEWARE", `Cannot apply @Use: ${String(one)} is no function`);
    }
  });
  const apply: UseDecorator = (target, key) =>
    applying(apply, caller, () => {
      requireExperimental("@Use", [target, key]);
      const marks =
        key === undefined
          ? marksOf(target as unknown as Class).middleware
          : markMember(target, key, "@Use").middleware;
      // Decorators run from the last to the first.
      marks.unshift(...(middleware as readonly unknown[] as readonly Middleware[]));
    });
  return apply;
}
