import type { AuthorizerRequest } from "../roles/authorizer-request.js";
import type { FilterRequest } from "../roles/filter-request.js";
import type { Reply, ReplyContent } from "../roles/reply.js";
import type { Verdict } from "../roles/verdict.js";
import { applying, blamingCaller, callerOf } from "../diagnostics/caller.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import type { Class } from "./class.js";
import { makeInjectable } from "./container.js";
import { hasDependencies } from "./injections.js";
import { requireExperimental, requireParentheses } from "./check-decorator.js";
import { type RoleMetadata, type Scope, classMetadata } from "./metadata.js";

/** Options of every role decorator. */
export interface ScopeOptions {
  /**
   * `singleton`, the default: one instance, constructed at start-up. `request`: one instance for each request, whose
   * dependencies may be the request itself and request-scoped services.
   */
  readonly scope?: Scope | undefined;
}

/** Options of {@link Authorizer}. */
export interface AuthorizerOptions extends ScopeOptions {
  /** The globs of the paths that it decides about; defaults to all paths. */
  readonly paths?: string | readonly string[] | undefined;
  /**
   * The names of all variables that it may pass on, such as `["AUTH_USER"]`, for Web server configurations; any by default.
   * Passing on another one is an error, and so a denial.
   */
  readonly variables?: readonly string[] | undefined;
}

/** Options of {@link Filter}. */
export interface FilterOptions extends ScopeOptions {
  /** The media type of replies that set none. */
  readonly type?: string | undefined;
  /**
   * A version of everything besides its own class that the output depends on, such as a template or a library. It is part
   * of the entity tag that a reply gets unless the filter sets one.
   */
  readonly version?: string | undefined;
}

/** The class of an authorizer. Parameters after the request are bound by decorators. */
export type AuthorizerClass = Class<{
  authorize: (request: AuthorizerRequest, ...bound: never[]) => Verdict | Promise<Verdict>;
}>;

/** What a filter returns. Use `reply(…)` for a JSON value, a status or an empty body. */
export type Filtered = ReplyContent | Reply | Response;

/** The class of a filter. Parameters after the request are bound by decorators. */
export type FilterClass = Class<{
  filter: (request: FilterRequest, ...bound: never[]) => Filtered | Promise<Filtered>;
}>;

/** Rejects a method that returns `any`, which would be assignable to every type. */
type Known<C, Method extends string> =
  C extends Class<infer T>
    ? T extends Record<Method, (...args: never[]) => infer R>
      ? 0 extends 1 & Awaited<R>
        ? { "this method returns any: declare what it returns": Method }
        : unknown
      : unknown
    : unknown;

/**
 * Makes a class answer requests below a path prefix (role 1, section 6.2).
 *
 * @example
 * ```ts
 * import { Get, Responder } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Get("/")
 *   list() {
 *     return ["Emma", "Walden"];
 *   }
 * }
 * ```
 */
export function Responder(prefix = "", options: ScopeOptions = {}): (target: Class) => void {
  blamingCaller(Responder, () => {
    requireParentheses("@Responder", [prefix, options]);
    refuseUnknownOptions("@Responder", options);
  });
  const { scope = "singleton" } = options;
  return roleDecorator({
    kind: "responder",
    decorator: "@Responder",
    scope,
    prefix,
    caller: callerOf(Responder),
  });
}

/**
 * Makes a class decide whether requests are allowed (role 2, section 6.3): its method `authorize` returns `allow(…)` or
 * `deny(…)`. The globs select the paths that it decides about, by default all. A glob without "/" is matched against the
 * last segment of the path, one with "/" against the whole path.
 *
 * @example
 * ```ts
 * import { Authorizer, allow, challenge, type AuthorizerRequest } from "tricorn";
 *
 * @Authorizer("/members/**")
 * class MembersGate {
 *   authorize({ headers }: AuthorizerRequest) {
 *     const isKnown = headers.get("authorization") === "Bearer s3cret";
 *     return isKnown ? allow({ AUTH_USER: "ada" }) : challenge("Bearer", { realm: "members" });
 *   }
 * }
 * ```
 */
export function Authorizer(
  ...globs: readonly string[]
): <C extends AuthorizerClass>(target: C & Known<C, "authorize">) => void;
export function Authorizer(
  options: AuthorizerOptions,
): <C extends AuthorizerClass>(target: C & Known<C, "authorize">) => void;
export function Authorizer(
  ...args: readonly string[] | readonly [AuthorizerOptions]
): <C extends AuthorizerClass>(target: C & Known<C, "authorize">) => void {
  const options: AuthorizerOptions = isOptions(args) ? args[0] : { paths: args };
  blamingCaller(Authorizer, () => {
    requireParentheses("@Authorizer", args);
    refuseUnknownOptions("@Authorizer", options);
  });
  const { scope = "singleton", paths = [], variables } = options;
  const caller = callerOf(Authorizer);
  return roleDecorator({
    kind: "authorizer",
    decorator: "@Authorizer",
    scope,
    paths: listOf(paths),
    variables,
    caller,
  });
}

function isOptions(
  args: readonly string[] | readonly [AuthorizerOptions],
): args is readonly [AuthorizerOptions] {
  return typeof args[0] === "object";
}

/**
 * Makes a class transform files (role 3, section 6.4): its method `filter` receives the file as a stream. The globs select
 * the files; one without "/", such as `*.txt`, is matched against the last segment of the path.
 *
 * @example
 * ```ts
 * import { Filter, lines, type FilterRequest } from "tricorn";
 *
 * @Filter("*.txt", { type: "text/plain; charset=utf-8" })
 * class LineNumbers {
 *   async *filter({ data }: FilterRequest) {
 *     let number = 0;
 *     for await (const line of lines(data)) yield `${++number}\t${line}\n`;
 *   }
 * }
 * ```
 */
export function Filter(
  globs: string | readonly string[],
  options: FilterOptions = {},
): <C extends FilterClass>(target: C & Known<C, "filter">) => void {
  blamingCaller(Filter, () => {
    requireParentheses("@Filter", [globs, options]);
    refuseUnknownOptions("@Filter", options);
  });
  const { type, version, scope = "singleton" } = options;
  const caller = callerOf(Filter);
  return roleDecorator({
    kind: "filter",
    decorator: "@Filter",
    scope,
    paths: listOf(globs),
    type,
    version,
    caller,
  });
}

/** Without globs, as JavaScript may call `@Filter()`, the list is empty. */
function listOf(globs: string | readonly string[] | undefined): readonly string[] {
  return typeof globs === "string" ? [globs] : (globs ?? []);
}

type GivenMetadata = Pick<RoleMetadata, "kind" | "decorator" | "scope" | "caller"> & Partial<RoleMetadata>;

function roleDecorator(given: GivenMetadata): (target: Class) => void {
  const defaults = { prefix: "", paths: [], variables: undefined, type: undefined, version: undefined };
  const { decorator, caller } = given;
  return function apply(...args: readonly [target: Class]): void {
    applying(apply, caller, () => requireExperimental(decorator, args));
    const [target] = args;
    classMetadata(target).roles.push({ ...defaults, ...given });
    // Without dependencies it is constructed without tsyringe, and by tsyringe without metadata.
    if (hasDependencies(target)) makeInjectable(target);
  };
}
