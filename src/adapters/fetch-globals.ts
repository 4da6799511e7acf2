import { inheritFromRequest, isFetchRequest } from "./fetch-request.js";
import { LightResponse, replaceResponse } from "./light-response.js";

/**
 * Replaces the global `Response` and `Request` of this process permanently, as @hono/node-server does when it serves. Call it
 * once, before anything is served, and only if all code of the process may receive them:
 *
 * - `new Response(…)` creates a `Response` at a tenth of the cost. It creates a native one only for those methods that need
 *   it.
 * - `new Request(request)` accepts the requests of a fetch handler, which the native constructor rejects.
 *
 * The answers of `fetch` stay native.
 */
export function replaceFetchGlobals(): void {
  if (globalThis.Response === LightResponse) return;
  inheritFromRequest();
  replaceResponse(globalThis.Response);
  globalThis.Response = LightResponse;
  globalThis.Request = replaceRequest(globalThis.Request);
}

function replaceRequest(Native: typeof Request): typeof Request {
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
