import { blamingCaller } from "../diagnostics/caller.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import type { ResponderDefinition } from "../roles/definitions.js";
import { DEFAULT_COLLECTED_BYTES } from "../body/input-reader.js";
import type { Reply } from "../roles/reply.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { catchAllResponder, type AdapterOptions } from "./catch-all.js";
import { FetchRequest, inheritFromRequest } from "./fetch-request.js";
import { replyFrom } from "./response-reply.js";

/**
 * A function that answers a web `Request` with a web `Response`, such as the `fetch` of a Hono application. It also receives
 * the {@link ResponderRequest}, with the params, the client's address and the authenticated user, as an object that it may
 * extend; in Hono this is `c.env`.
 */
export type FetchFunction = (
  request: Request,
  responderRequest: ResponderRequest,
) => Response | Promise<Response>;

/** Options of {@link fetchHandler}. */
export interface FetchHandlerOptions extends AdapterOptions {
  /**
   * The maximum bytes of a body that `text()`, `json()`, `formData()` and similar methods collect in memory; defaults to
   * 1 MiB. The `body` stream has only the server's limit.
   */
  readonly bodyBytes?: number | undefined;
}

/**
 * Creates a responder from a function of the Fetch standard: `serve([fetchHandler(app.fetch)])`.
 *
 * The request is an `instanceof Request` and has all its properties and methods, each created on first use. Only
 * `new Request(request)` needs a native one: see {@link replaceFetchGlobals}.
 */
export function fetchHandler(fetch: FetchFunction, given: FetchHandlerOptions = {}): ResponderDefinition {
  blamingCaller(fetchHandler, () => refuseUnknownOptions("fetchHandler", given));
  const { name = "fetchHandler", bodyBytes = DEFAULT_COLLECTED_BYTES, ...options } = given;
  inheritFromRequest();
  return catchAllResponder({ name, ...options }, (request): Reply | Promise<Reply> => {
    const response = fetch(new FetchRequest(request, bodyBytes), fetchContext(request));
    return isPromise(response) ? Promise.resolve(response).then(replyFrom) : replyFrom(response);
  });
}

/** Also recognizes a promise of another realm or a library. */
function isPromise(value: Response | PromiseLike<Response>): value is PromiseLike<Response> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

const REQUEST = Symbol("request");

interface Context {
  readonly [REQUEST]: ResponderRequest;
}

/** Created with the first request, because the own members of an instance are not known before. */
let prototype: object | undefined;

/**
 * Creates the second argument of a fetch function: a new object for each request, with all members of the
 * `ResponderRequest`. Frameworks assign to any of its members, including `request` and `params` (GraphQL Yoga), without
 * changing the request itself.
 */
function fetchContext(request: ResponderRequest): ResponderRequest {
  const context = Object.create((prototype ??= forwarding(request))) as { [REQUEST]: ResponderRequest };
  Object.defineProperty(context, REQUEST, { value: request });
  return context as unknown as ResponderRequest;
}

function forwarding(instance: ResponderRequest): object {
  const members = new Set(Reflect.ownKeys(instance));
  const ofClass = Object.getPrototypeOf(instance) as object;
  for (let level = ofClass; level !== Object.prototype; level = Object.getPrototypeOf(level) as object)
    for (const key of Reflect.ownKeys(level)) if (key !== "constructor") members.add(key);
  const result = Object.create(ofClass) as object;
  for (const key of members) {
    Object.defineProperty(result, key, {
      get(this: Context): unknown {
        const request = this[REQUEST];
        const value = Reflect.get(request, key) as unknown;
        return typeof value === "function" ? (value.bind(request) as unknown) : value;
      },
      set(this: Context, value: unknown) {
        Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
      },
      configurable: true,
    });
  }
  return result;
}
