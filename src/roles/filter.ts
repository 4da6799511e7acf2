import type { RoleInputs } from "../protocol/application-side/application.js";
import { compileGlob, type PathMatcher } from "../paths/path-glob.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import { isLengthSound, unsoundLength } from "../http/content-length.js";
import { shortDigest } from "../http/short-digest.js";
import type { FilterDefinition } from "./definitions.js";
import { problemReply } from "./error-reply.js";
import { logFailure } from "./failure.js";
import { FilterRequest, type FoundFile } from "./filter-request.js";
import { globsOf } from "./globs-of.js";
import { HttpError } from "../http/http-error.js";

import { compose, type Middleware } from "./middleware.js";
import { normalizePath } from "../paths/plain-path.js";
import type { ReplyDefaults } from "./reply.js";
import type { RequestContext } from "./request-context.js";
import { respond } from "./respond.js";
import { sendReply } from "./send-reply.js";

/** A compiled filter. */
export interface Transform {
  readonly name: string;
  /** Changes when the code of the filter or of its middleware changes. */
  readonly version: string;
  readonly matches: PathMatcher;
  readonly defaults: ReplyDefaults;
  /** Runs the filter within its middleware, and that within these layers. */
  readonly run: (request: FilterRequest, layers?: Layers) => unknown;
}

/** Runs outside and inside of a filter's middleware. */
export interface Layers {
  /** Runs around all of it. */
  readonly outside: Middleware<FilterRequest>;
  /** Runs between the middleware and the filter. */
  readonly inside: Middleware<FilterRequest>;
}

/** A filter and the file that the filter bridge found for it. */
export interface FilterTask {
  readonly transform: Transform;
  readonly found: FoundFile;
  readonly layers: Layers;
}

/** Plays the filter role (section 6.4): the first filter whose glob matches transforms the file. */
export class FilterRole {
  readonly inputs: RoleInputs = { stdin: true, data: true };
  readonly #context: RequestContext;
  readonly #transforms: readonly Transform[];

  constructor(
    definitions: readonly FilterDefinition[],
    context: RequestContext,
    middleware: readonly Middleware[],
  ) {
    this.#context = context;
    this.#transforms = definitions.map((definition) => toTransform(definition, middleware));
  }

  handle(exchange: Exchange): void {
    let request: FilterRequest;
    try {
      request = new FilterRequest(exchange, this.#context);
    } catch (error) {
      logFailure(error, { ...this.#context, exchange, what: "filter" });
      const problem = new HttpError(400, "The Web server did not send the length of the file.");
      void sendReply(exchange, problemReply(problem));
      return;
    }
    const transform = this.transformFor(pathsOf(request));
    if (transform === undefined) {
      void sendReply(exchange, problemReply(new HttpError(404, "No filter matches this file.")));
      return;
    }
    this.#run(request, transform);
  }

  /** The first filter whose globs match one of these decoded paths of a file; undefined if none does. */
  transformFor(paths: readonly string[]): Transform | undefined {
    return this.#transforms.find(({ matches }) => paths.some(matches));
  }

  /** Runs a filter for a file that the filter bridge found. The params already describe the file. */
  filterFound(exchange: Exchange, { transform, found, layers }: FilterTask): void {
    this.#run(new FilterRequest(exchange, this.#context, found), transform, layers);
  }

  #run(request: FilterRequest, transform: Transform, layers?: Layers): void {
    request.route = transform.name;
    if (isLengthSound(request.params)) {
      respond(request, () => transform.run(request, layers), transform.defaults);
    } else {
      void sendReply(request.exchange, problemReply(unsoundLength()));
    }
  }
}

/** The path of the request, and those of the file if the Web server selected it: the index of a directory. */
function pathsOf({ path, params }: FilterRequest): readonly string[] {
  const paths = [normalizePath(path), params.get("SCRIPT_NAME"), params.get("SCRIPT_FILENAME")];
  return paths.filter((path) => path !== undefined && path !== "") as string[];
}

function toTransform(definition: FilterDefinition, middleware: readonly Middleware[]): Transform {
  const { name, type, filter, version = String(filter) } = definition;
  const defaults: ReplyDefaults = { type, handler: name };
  const around = [...middleware, ...(definition.middleware ?? [])];
  const matchers = globsOf(definition).map(compileGlob);
  const alone = compose<FilterRequest>(around, filter, defaults);
  return {
    name,
    version: shortDigest([name, type, version, ...around]),
    defaults,
    matches: (path) => matchers.some((matches) => matches(path)),
    run: (request, layers) =>
      layers === undefined
        ? alone(request)
        : compose<FilterRequest>([layers.outside, ...around, layers.inside], filter, defaults)(request),
  };
}
