import type { RoleInputs } from "../protocol/application-side/application.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import type { ResponderDefinition, RouteDefinition } from "./definitions.js";
import { isLengthSound, unsoundLength } from "../http/content-length.js";
import { HttpError } from "../http/http-error.js";
import { allowField, methodNotAllowed } from "../http/method-not-allowed.js";
import { compose, type Middleware } from "./middleware.js";
import { Reply, type ReplyDefaults } from "./reply.js";
import type { RequestContext } from "./request-context.js";
import { ResponderRequest } from "./responder-request.js";
import { Router } from "./router.js";
import { respond } from "./respond.js";

/** What a client reads if no route matches a path. */
export const NO_RESOURCE = "There is no such resource.";

interface CompiledRoute {
  /** `GET /books/:id`, for logs. */
  readonly label: string;
  readonly defaults: ReplyDefaults;
  readonly run: (request: ResponderRequest) => unknown;
}

const noDefaults: ReplyDefaults = {};

/** Web servers send STDIN in the responder role (section 6.2). */
export const responderInputs: RoleInputs = { stdin: true, data: false };

/** Plays the responder role (section 6.2): finds the route and sends what its handler returns. */
export class ResponderRole {
  readonly inputs = responderInputs;
  readonly #context: RequestContext;
  readonly #router = new Router<CompiledRoute>();
  /** Runs if no route matches, so that application middleware sees those requests too. */
  readonly #fallback: (request: ResponderRequest) => unknown;

  constructor(
    definitions: readonly ResponderDefinition[],
    context: RequestContext,
    middleware: readonly Middleware[],
  ) {
    this.#context = context;
    this.#fallback = compose<ResponderRequest>(
      middleware,
      (request) => this.#withoutRoute(request),
      noDefaults,
    );
    for (const { routes } of definitions) {
      for (const route of routes) this.#router.add(route.method, route.path, compileRoute(route, middleware));
    }
  }

  handle(exchange: Exchange): void {
    const request = new ResponderRequest(exchange, this.#context);
    const isSound = request.locationKind === "below" && isLengthSound(request.params);
    const found = isSound ? this.#router.find(request.method, request.path) : undefined;
    if (found === undefined) {
      respond(request, this.#fallback, noDefaults);
      return;
    }
    const { label, defaults, run } = found.value;
    request.route = label;
    request.pathParams = found.pathParams;
    respond(request, run, defaults);
  }

  /** Whether a route matches this raw path below the mount, for any method. */
  knows(path: string): boolean {
    return this.#router.knows(path);
  }

  #withoutRoute(request: ResponderRequest): Reply {
    if (request.locationKind === "ambiguous")
      throw new HttpError(400, "The path leaves the root, or is not valid percent-encoded UTF-8.");
    if (request.locationKind === "outside") throw new HttpError(404, NO_RESOURCE);
    if (!isLengthSound(request.params)) throw unsoundLength();
    const why = this.#router.explain(request.path);
    switch (why.reason) {
      case "method":
        // RFC 9110, section 9.3.7: OPTIONS asks which methods there are.
        if (request.method !== "OPTIONS") throw methodNotAllowed(why.allowed);
        return new Reply(undefined, { headers: allowField(why.allowed) });
      case "path":
        throw new HttpError(404, NO_RESOURCE);
      default:
        return why satisfies never;
    }
  }
}

function compileRoute(route: RouteDefinition, outer: readonly Middleware[]): CompiledRoute {
  const defaults: ReplyDefaults = { type: route.type, status: route.status, handler: route.name };
  const middleware = [...outer, ...(route.middleware ?? [])];
  return {
    label: `${route.method} ${route.path}`,
    defaults,
    run: compose<ResponderRequest>(middleware, route.handle, defaults),
  };
}
