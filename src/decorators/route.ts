import { METHODS } from "node:http";

import { ConfigurationError } from "../errors.js";
import type { HandlerResult } from "../roles/reply.js";
import { EVERY_METHOD } from "../roles/router.js";
import { applying, blamingCaller, callerOf, type Caller } from "../diagnostics/caller.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import { className } from "./class.js";
import { requireParentheses } from "./check-decorator.js";
import { methodMetadata } from "./metadata.js";

/** A method that answers requests. */
export type Handler = (...args: never[]) => HandlerResult | Promise<HandlerResult>;

/** Defaults for the replies of a route's handler. */
export interface RouteOptions {
  /** The media type, such as `text/csv`. */
  readonly type?: string | undefined;
  /** The status of replies with content, 200 to 599. */
  readonly status?: number | undefined;
  /**
   * Whether the answer is sent as it is produced, so that the Web server should not buffer it: `tricorn config` writes that
   * into the configuration. Defaults to true for generators; set it if a handler returns a stream.
   */
  readonly streams?: boolean | undefined;
}

/** Rejects a class as the target, so that a static method cannot be decorated. */
type OfInstances<T> = T extends abstract new (...args: never[]) => unknown
  ? { "a route belongs on an instance method": never }
  : unknown;

/** A decorator for methods that are handlers. */
export type RouteDecorator = <T extends object, M extends Handler>(
  target: T & OfInstances<T>,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/**
 * Answers requests with an HTTP method and a path below the controller's prefix. The path has find-my-way's syntax:
 * `/books/:id`, `/files/*`. A method can have several routes.
 *
 * @example
 * ```ts
 * import { Path, Responder, Route } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Route("PROPFIND", "/:id", { status: 207, type: "application/xml" })
 *   properties(@Path("id") id: string) {
 *     return `<book id="${encodeURIComponent(id)}"/>`;
 *   }
 * }
 * ```
 */
export function Route(method: string, path: string, options?: RouteOptions): RouteDecorator {
  blamingCaller(Route, () => {
    requireParentheses("@Route", [method, path]);
    refuseUnknownOptions("route", options);
  });
  return routeDecorator("@Route", { method: method.toUpperCase(), path, options, caller: callerOf(Route) });
}

/**
 * Answers GET, and HEAD unless that has a route of its own.
 *
 * @example
 * ```ts
 * import { Get, Path, Responder } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Get("/:id")
 *   show(@Path("id") id: string) {
 *     return { id };
 *   }
 * }
 * ```
 */
export const Get = shorthand("@Get");
/**
 * Answers POST.
 *
 * @example
 * ```ts
 * import { Body, Post, Responder } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Post("/", { status: 201 })
 *   add(@Body.text() title: string) {
 *     return { title };
 *   }
 * }
 * ```
 */
export const Post = shorthand("@Post");
/**
 * Answers PUT.
 *
 * @example
 * ```ts
 * import { Path, Put, Responder } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Put("/:id/title")
 *   rename(@Path("id") id: string) {
 *     return { id, renamed: true };
 *   }
 * }
 * ```
 */
export const Put = shorthand("@Put");
/**
 * Answers PATCH.
 *
 * @example
 * ```ts
 * import { Patch, Path, Responder } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Patch("/:id")
 *   change(@Path("id") id: string) {
 *     return { id, changed: true };
 *   }
 * }
 * ```
 */
export const Patch = shorthand("@Patch");
/**
 * Answers DELETE.
 *
 * @example
 * ```ts
 * import { Delete, Path, Responder } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Delete("/:id")
 *   remove(@Path("id") id: string) {
 *     return { id, removed: true };
 *   }
 * }
 * ```
 */
export const Delete = shorthand("@Delete");
/**
 * Answers HEAD instead of the route for GET.
 *
 * @example
 * ```ts
 * import { Head, Responder, reply } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Head("/:id")
 *   exists() {
 *     return reply(undefined, { headers: { "X-Copies": "2" } });
 *   }
 * }
 * ```
 */
export const Head = shorthand("@Head");
/**
 * Answers OPTIONS instead of the default answer, which lists the methods.
 *
 * @example
 * ```ts
 * import { Options, Responder, reply } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Options("/:id")
 *   options() {
 *     return reply(undefined, { headers: { Allow: "GET, OPTIONS" } });
 *   }
 * }
 * ```
 */
export const Options = shorthand("@Options");

/**
 * Answers every method that has no route of its own for the path, HEAD and OPTIONS too: the path is never answered with 405.
 *
 * @example
 * ```ts
 * import { All, Req, Responder, type ResponderRequest } from "tricorn";
 *
 * @Responder("/hooks")
 * class Hooks {
 *   @All("/:name")
 *   receive(@Req() { method, pathParams }: ResponderRequest) {
 *     return { method, name: pathParams["name"] };
 *   }
 * }
 * ```
 */
export const All = shorthand("@All", EVERY_METHOD);

/** A route decorator for one HTTP method, or for every method. The path defaults to "/". */
export type RouteShorthand = (path?: string, options?: RouteOptions) => RouteDecorator;

function shorthand(decorator: string, method = decorator.slice(1).toUpperCase()): RouteShorthand {
  const ofMethod: RouteShorthand = (path = "/", options) => {
    blamingCaller(ofMethod, () => {
      requireParentheses(decorator, [path, options]);
      refuseUnknownOptions("route", options);
    });
    return routeDecorator(decorator, { method, path, options, caller: callerOf(ofMethod) });
  };
  return ofMethod;
}

interface GivenRoute {
  readonly method: string;
  readonly path: string;
  readonly options: RouteOptions | undefined;
  readonly caller: Caller;
}

function routeDecorator(
  decorator: string,
  { method, path, options = {}, caller }: GivenRoute,
): RouteDecorator {
  const { type, status, streams } = options;
  const apply: RouteDecorator = (target, key) =>
    applying(apply, caller, () => {
      const { routes } = methodMetadata(target, key, decorator);
      const isAll = method === EVERY_METHOD;
      if (isAll ? decorator !== "@All" : !METHODS.includes(method)) {
        const cure = isAll ? "; use @All for every method" : "";
        throw new ConfigurationError(
          "ERR_ROUTE_METHOD",
          `Cannot route to ${className(target.constructor)}.${String(key)}: ${JSON.stringify(method)} is not an HTTP method${cure}`,
        );
      }
      // Decorators run last to first.
      routes.unshift({
        decorator: `${decorator}(${JSON.stringify(path)})`,
        method,
        path,
        type,
        status,
        streams,
        caller,
      });
    });
  return apply;
}
