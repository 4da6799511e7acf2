import type { Logger } from "pino";

import type { RoleInputs } from "../protocol/application-side/application.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import type { AuthorizerRequest } from "./authorizer-request.js";
import type { FilterRequest } from "./filter-request.js";
import type { Middleware } from "./middleware.js";
import type { ResponderRequest } from "./responder-request.js";
import type { Verdict } from "./verdict.js";

/** One route of a responder. */
export interface RouteDefinition {
  /**
   * The HTTP method in capitals. GET answers HEAD too, unless HEAD has a route of its own. `*` stands for all methods, and
   * answers what no route with a method does.
   */
  readonly method: string;
  /** The path below the mount, with `:name` and `*` as find-my-way writes them. */
  readonly path: string;
  /** Who answers, for logs and messages: `BookController.show`. */
  readonly name: string;
  /** Answers a request with anything that is a {@link HandlerResult}. */
  readonly handle: (request: ResponderRequest) => unknown;
  /** The media type of replies that say none. */
  readonly type?: string | undefined;
  /** The status of replies that say none and have content. */
  readonly status?: number | undefined;
  /** Whether its answers leave as they are produced; for whoever configures a Web server. */
  readonly streams?: boolean | undefined;
  /** Runs around the handler, the first outermost. */
  readonly middleware?: readonly Middleware[] | undefined;
}

/** What plays the responder role (section 6.2). */
export interface ResponderDefinition {
  readonly kind: "responder";
  readonly name: string;
  readonly routes: readonly RouteDefinition[];
}

/** What plays the authorizer role (section 6.3). */
export interface AuthorizerDefinition {
  readonly kind: "authorizer";
  readonly name: string;
  /** Globs of the paths that it decides about; none means all. */
  readonly paths: readonly string[];
  /** The names of all variables that it may hand on; any if left out. To hand on another one is a denial. */
  readonly variables?: readonly string[] | undefined;
  /** Decides. Anything but an `Allow` is a denial, a throw and a hang too. */
  readonly authorize: (request: AuthorizerRequest) => Verdict | Promise<Verdict>;
}

/** What plays the filter role (section 6.4). */
export interface FilterDefinition {
  readonly kind: "filter";
  readonly name: string;
  /** Globs of the files that it transforms. */
  readonly paths: readonly string[];
  /** The media type of replies that say none. */
  readonly type?: string | undefined;
  /**
   * What becomes another text when the filter makes something else of a file, such as a part of the validators that it is
   * given where it has none of its own; the text of `filter` if left out.
   */
  readonly version?: string | undefined;
  /** Answers with the transformed file, as anything that is a {@link HandlerResult}. */
  readonly filter: (request: FilterRequest) => unknown;
  readonly middleware?: readonly Middleware[] | undefined;
}

/** What a role of one's own is handed beside the exchange. */
export interface RoleContext {
  readonly log: Logger;
}

/** A role beyond the three of the specification, which leaves the set open (section 6.1). */
export interface RoleDefinition {
  readonly kind: "role";
  /** The role number in BEGIN_REQUEST, 4 to 65,535. */
  readonly number: number;
  readonly name: string;
  /** The streams that the Web server sends in this role. */
  readonly inputs: RoleInputs;
  /** Handles one request and must end its exchange; a throw or a rejection ends it with application status 1. */
  readonly handle: (exchange: Exchange, context: RoleContext) => void | Promise<void>;
}

/** Anything that can play a role, as plain data. The decorators make these of classes. */
export type Definition = ResponderDefinition | AuthorizerDefinition | FilterDefinition | RoleDefinition;
