import { blamingCaller } from "../diagnostics/caller.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import type { ResponderDefinition } from "../roles/definitions.js";
import { DEFAULT_COLLECTED_BYTES } from "../body/input-reader.js";
import type { Reply } from "../roles/reply.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { everythingBelow, type AdapterOptions } from "./everything-below.js";
import { fetchContext } from "./fetch-context.js";
import { FetchRequest, inheritFromRequest } from "./fetch-request.js";
import { replyTo } from "./response-reply.js";

/**
 * What answers a web `Request` with a web `Response`: the `fetch` of a Hono application, or any such function. It is
 * also given the request as Tricorn knows it, with the params, the client's address and who has been authenticated, as an
 * object that it may extend; Hono makes that `c.env`.
 */
export type FetchFunction = (
  request: Request,
  responderRequest: ResponderRequest,
) => Response | Promise<Response>;

/** What {@link fetchHandler} can be told. */
export interface FetchHandlerOptions extends AdapterOptions {
  /**
   * The most bytes of a body that `text()`, `json()`, `formData()` and the like collect in memory; 1 MiB if left out. What
   * is read of the `body` stream has no limit but that of the server.
   */
  readonly bodyBytes?: number | undefined;
}

/**
 * Makes a responder of a function that works by the Fetch standard: `serve([fetchHandler(app.fetch)])`.
 *
 * The request is a `Request` to `instanceof` and has all of its properties and methods, each of which is made when it is
 * asked for. Only `new Request(request)` needs a real one: see {@link replaceFetchGlobals}.
 */
export function fetchHandler(fetch: FetchFunction, given: FetchHandlerOptions = {}): ResponderDefinition {
  blamingCaller(fetchHandler, () => refuseUnknownOptions("fetchHandler", given));
  const { name = "fetchHandler", bodyBytes = DEFAULT_COLLECTED_BYTES, ...options } = given;
  inheritFromRequest();
  return everythingBelow({ name, ...options }, (request): Reply | Promise<Reply> => {
    const response = fetch(new FetchRequest(request, bodyBytes), fetchContext(request));
    return isPromise(response) ? Promise.resolve(response).then(replyTo) : replyTo(response);
  });
}

/** Also one of another realm, or of a library. */
function isPromise(value: Response | PromiseLike<Response>): value is PromiseLike<Response> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
