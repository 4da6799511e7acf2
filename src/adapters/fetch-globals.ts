import { inheritFromRequest, isFetchRequest } from "./fetch-request.js";
import { LightResponse, standInFor } from "./light-response.js";

/**
 * Replaces `Response` and `Request` of this process, for good, as @hono/node-server does when it serves. Call it once,
 * before anything is served, and only where all code of the process may get them:
 *
 * - `new Response(…)` makes one that is a `Response` to whoever uses it, and costs a tenth. It becomes a real one only for
 *   those methods that need it.
 * - `new Request(request)` takes the requests of a fetch handler, which the platform's own constructor does not know.
 *
 * What the platform makes itself, the answers of `fetch`, stays as it is.
 */
export function replaceFetchGlobals(): void {
  if (globalThis.Response === LightResponse) return;
  inheritFromRequest();
  standInFor(globalThis.Response);
  globalThis.Response = LightResponse;
  globalThis.Request = requestClass(globalThis.Request);
}

function requestClass(Native: typeof Request): typeof Request {
  const Replaced = class Request extends Native {
    constructor(input: ConstructorParameters<typeof Native>[0], init?: RequestInit) {
      if (!isFetchRequest(input)) {
        super(input, init);
        return;
      }
      const { url, method, headers, signal } = input;
      const body = init?.body === undefined ? input.body : init.body;
      super(url, { method, headers, signal, duplex: "half", ...init, body });
    }

    static override [Symbol.hasInstance](value: unknown): boolean {
      return this === Replaced
        ? value instanceof Native
        : Function.prototype[Symbol.hasInstance].call(this, value);
    }
  };
  return Replaced;
}
