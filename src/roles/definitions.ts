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
   * answers what no route of the method does whose path is the same or more specific.
   */
  readonly method: string;
  /** The path below the mount, with `:name` and `*` as find-my-way writes them. */
  readonly path: string;
  /** The name of the handler, for logs and messages: `BookController.show`. */
  readonly name: string;
  /** Answers a request with anything that is a {@link HandlerResult}. */
  readonly handle: (request: ResponderRequest) => unknown;
  /** The media type of replies without one. */
  readonly type?: string | undefined;
  /** The status of replies that have content and no status of their own. */
  readonly status?: number | undefined;
  /** Whether its replies are sent as they are produced; for the configuration of Web servers. */
  readonly streams?: boolean | undefined;
  /** Runs around the handler, the first outermost. */
  readonly middleware?: readonly Middleware[] | undefined;
}

/** A responder (section 6.2). */
export interface ResponderDefinition {
  readonly kind: "responder";
  readonly name: string;
  readonly routes: readonly RouteDefinition[];
}

/** An authorizer (section 6.3). */
export interface AuthorizerDefinition {
  readonly kind: "authorizer";
  readonly name: string;
  /** Globs of the paths that it decides about; empty for all paths. */
  readonly paths: readonly string[];
  /** All variables that it may pass on; any variable by default. Passing on another one denies the request. */
  readonly variables?: readonly string[] | undefined;
  /** Decides. Anything but an `Allow` denies, including a throw and a timeout. */
  readonly authorize: (request: AuthorizerRequest) => Verdict | Promise<Verdict>;
}

/** A filter (section 6.4). */
export interface FilterDefinition {
  readonly kind: "filter";
  readonly name: string;
  /** Globs of the files that it transforms. */
  readonly paths: readonly string[];
  /** The media type of replies without one. */
  readonly type?: string | undefined;
  /**
   * Changes when the filter would produce a different reply for the same file: a part of the validators that a reply gets
   * if it has none. Defaults to the source text of `filter`.
   */
  readonly version?: string | undefined;
  /** Returns the transformed file, as any {@link HandlerResult}. */
  readonly filter: (request: FilterRequest) => unknown;
  readonly middleware?: readonly Middleware[] | undefined;
}

/** What the handler of a further role receives with the exchange. */
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

/** A responder, authorizer, filter or further role as plain data. Decorated classes are compiled to these. */
export type Definition = ResponderDefinition | AuthorizerDefinition | FilterDefinition | RoleDefinition;
