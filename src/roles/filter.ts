import type { RoleInputs } from "../protocol/application.js";
import { compileGlob, type PathMatcher } from "../path-glob.js";
import type { Exchange } from "../protocol/exchange.js";
import type { FilterDefinition } from "./definitions.js";
import { logFailure, problemReply } from "./failure.js";
import { FilterRequest } from "./filter-request.js";
import { HttpError } from "./http-error.js";

import { compose, type Middleware } from "./middleware.js";
import { normalizePath } from "./plain-path.js";
import type { ReplyDefaults } from "./reply.js";
import type { RequestContext } from "./request.js";
import { respond } from "./respond.js";
import { sendReply } from "./send-reply.js";

interface Transform {
  readonly name: string;
  readonly matches: PathMatcher;
  readonly defaults: ReplyDefaults;
  readonly run: (request: FilterRequest) => unknown;
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
    this.#transforms = definitions.map((definition) => {
      const { name, paths, type, filter } = definition;
      const defaults: ReplyDefaults = { type };
      const around = [...middleware, ...(definition.middleware ?? [])];
      return {
        name,
        defaults,
        matches: matchesAny(paths.map((glob) => compileGlob(glob, { caseSensitive: true }))),
        run: compose<FilterRequest>(around, filter, defaults),
      };
    });
  }

  handle(exchange: Exchange): void {
    let request: FilterRequest;
    try {
      request = new FilterRequest(exchange, this.#context);
    } catch (error) {
      logFailure(error, { ...this.#context, exchange, what: "filter" });
      const problem = new HttpError(400, "The Web server did not tell the length of the file.");
      void sendReply(exchange, problemReply(problem));
      return;
    }
    const transform = this.#transformFor(request);
    if (transform === undefined) {
      void sendReply(exchange, problemReply(new HttpError(404, "No filter is meant for this file.")));
      return;
    }
    request.route = transform.name;
    respond(request, transform.run, transform.defaults);
  }

  /** By the path of the request, or by that of its file where the server chose it: a directory's index. */
  #transformFor(request: FilterRequest): Transform | undefined {
    const { params } = request;
    const paths = [normalizePath(request.path), params.get("SCRIPT_NAME"), params.get("SCRIPT_FILENAME")];
    return this.#transforms.find(({ matches }) =>
      paths.some((path) => path !== undefined && path !== "" && matches(path)),
    );
  }
}

function matchesAny(matchers: readonly PathMatcher[]): PathMatcher {
  return (path) => matchers.some((matches) => matches(path));
}
