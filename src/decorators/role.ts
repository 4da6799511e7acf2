import type { AuthorizerRequest } from "../roles/authorizer-request.js";
import type { FilterRequest } from "../roles/filter-request.js";
import type { Reply, ReplyContent } from "../roles/reply.js";
import type { Verdict } from "../roles/verdict.js";
import { applying, blamingCaller, callerOf } from "../diagnostics/caller.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import type { Class } from "./class.js";
import { makeInjectable } from "./container.js";
import { requireExperimental, requireParentheses } from "./decorated.js";
import type { RoleMark, Scope } from "./marks.js";
import { marksOf } from "./metadata.js";

/** What can be said about every controller. */
export interface ScopeOptions {
  /**
   * `singleton`: one instance, made at start-up. `request`: one for each request, which can be injected the request
   * itself and services that belong to it. `singleton` if left out.
   */
  readonly scope?: Scope | undefined;
}

/** What can be said about an authorizer. */
export interface AuthorizerOptions extends ScopeOptions {
  /** The paths that it decides about, as globs; all if left out. */
  readonly paths?: string | readonly string[] | undefined;
  /**
   * The names of all variables that it may hand on, such as `["AUTH_USER"]`, for whoever configures a Web server; any if
   * left out. To hand on another one is an error, and so a denial.
   */
  readonly variables?: readonly string[] | undefined;
}

/** What can be said about a filter. */
export interface FilterOptions extends ScopeOptions {
  /** The media type of replies that say none. */
  readonly type?: string | undefined;
  /**
   * Another text whenever what the filter uses beside its own class makes something else of a file: a template, a
   * library. It is a part of the entity tags that replies get where the filter sets none.
   */
  readonly version?: string | undefined;
}

/** What a class must have to be an authorizer. Parameters behind the request are bound by decorators. */
export type AuthorizerClass = Class<{
  authorize: (request: AuthorizerRequest, ...bound: never[]) => Verdict | Promise<Verdict>;
}>;

/** What a filter makes of a file. A value to be sent as JSON, a status or nothing at all is said by `reply(…)`. */
export type Filtered = ReplyContent | Reply | Response;

/** What a class must have to be a filter. Parameters behind the request are bound by decorators. */
export type FilterClass = Class<{
  filter: (request: FilterRequest, ...bound: never[]) => Filtered | Promise<Filtered>;
}>;

/** Refuses a method that returns `any`, which would fit everything. */
type Known<C, Method extends string> =
  C extends Class<infer T>
    ? T extends Record<Method, (...args: never[]) => infer R>
      ? 0 extends 1 & Awaited<R>
        ? { "this method returns any: declare what it returns": Method }
        : unknown
      : unknown
    : unknown;

/** Makes a class answer requests below a path prefix (role 1, section 6.2). */
export function Responder(prefix = "", options: ScopeOptions = {}): (target: Class) => void {
  blamingCaller(Responder, () => {
    requireParentheses("@Responder", [prefix, options]);
    refuseUnknownOptions("@Responder", options);
  });
  const { scope = "singleton" } = options;
  return mark({ kind: "responder", decorator: "@Responder", scope, prefix, caller: callerOf(Responder) });
}

/**
 * Makes a class decide whether requests may pass (role 2, section 6.3): its method `authorize` returns `allow(…)` or
 * `deny(…)`. The globs say which paths it decides about; without any it decides about all. A glob without "/" is held
 * against the last segment of the path, one with "/" against all of it.
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
  return mark({
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
 * Makes a class transform files (role 3, section 6.4): its method `filter` is handed the file as a stream. The globs say
 * which files; one without "/" is held against the last segment of the path, such as `*.txt`.
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
  return mark({ kind: "filter", decorator: "@Filter", scope, paths: listOf(globs), type, version, caller });
}

function listOf(globs: string | readonly string[]): readonly string[] {
  return typeof globs === "string" ? [globs] : globs;
}

type Written = Pick<RoleMark, "kind" | "decorator" | "scope" | "caller"> & Partial<RoleMark>;

function mark(written: Written): (target: Class) => void {
  const unsaid = { prefix: "", paths: [], variables: undefined, type: undefined, version: undefined };
  const { decorator, caller } = written;
  return function apply(...args: readonly [target: Class]): void {
    applying(apply, caller, () => requireExperimental(decorator, args));
    const [target] = args;
    marksOf(target).roles.push({ ...unsaid, ...written });
    makeInjectable(target);
  };
}
