// The only file that touches Reflect. tsyringe requires reflect-metadata to be loaded first.
import "reflect-metadata";

import type { MultipartLimits } from "../body/multipart.js";
import { ConfigurationError } from "../errors.js";
import type { Middleware } from "../roles/middleware.js";
import type { Caller } from "../diagnostics/caller.js";
import { requireExperimental } from "./check-decorator.js";
import { classChain, className, type Class, type RoleKind } from "./class.js";
import type { Schema } from "./schema.js";

/** The lifetime of a controller's instance: that of the application, or one request. */
export type Scope = "singleton" | "request";

/** What a role decorator records about its class. */
export interface RoleMetadata {
  readonly kind: RoleKind;
  /** The decorator's name for messages: `@Responder`. */
  readonly decorator: string;
  readonly scope: Scope;
  /** The path prefix of a responder's routes. */
  readonly prefix: string;
  /** The globs of an authorizer or filter. */
  readonly paths: readonly string[];
  /** The variables that an authorizer declares; undefined allows any. */
  readonly variables: readonly string[] | undefined;
  /** The media type of a filter's replies. */
  readonly type: string | undefined;
  /** The version of a filter, as its author declares it. */
  readonly version: string | undefined;
  /** Where the decorator is written. */
  readonly caller: Caller;
}

/** What a route decorator records about its method. */
export interface RouteMetadata {
  readonly decorator: string;
  /** The HTTP method in capitals. */
  readonly method: string;
  /** The path below the prefix. */
  readonly path: string;
  readonly type: string | undefined;
  readonly status: number | undefined;
  readonly streams: boolean | undefined;
  /** Where the decorator is written. */
  readonly caller: Caller;
}

/** The parts of a request that hold text by name. */
export type NamedPart = "path" | "query" | "header" | "cookie" | "variable";

/** The source of a parameter's value. */
export type BindingSource =
  | {
      readonly from: "named";
      readonly part: NamedPart;
      readonly name: string;
      readonly schema: Schema | undefined;
    }
  | { readonly from: "query"; readonly schema: Schema }
  | { readonly from: "body"; readonly schema: Schema; readonly limit: number | undefined }
  | { readonly from: "text" | "bytes"; readonly limit: number | undefined }
  | { readonly from: "multipart"; readonly limits: MultipartLimits | undefined }
  | { readonly from: "pieces" | "stream" | "request" | "signal" };

/** What a binding decorator records about its parameter. */
export interface Binding {
  readonly decorator: string;
  /** The position of the parameter, from 0. */
  readonly index: number;
  readonly source: BindingSource;
}

/** What decorators record about one method. */
export interface MethodMetadata {
  readonly routes: RouteMetadata[];
  readonly bindings: Binding[];
  readonly middleware: Middleware[];
}

/** What decorators record about one class, without its base classes. */
export interface ClassMetadata {
  readonly roles: RoleMetadata[];
  readonly middleware: Middleware[];
  readonly members: Map<string | symbol, MethodMetadata>;
}

const CLASS_METADATA = Symbol("tricorn");
/** Emitted by the compiler for decorated classes and methods (`emitDecoratorMetadata`). */
const PARAMETER_TYPES = "design:paramtypes";
/** Where tsyringe keeps the arguments of @inject. */
const INJECTION_TOKENS = "injectionTokens";

/** The class's own metadata, created on first use. */
export function classMetadata(owner: Class): ClassMetadata {
  const existing = ownMetadata(owner);
  if (existing !== undefined) return existing;
  const created: ClassMetadata = { roles: [], middleware: [], members: new Map() };
  Reflect.defineMetadata(CLASS_METADATA, created, owner);
  return created;
}

/** The class's own metadata, without its base classes; undefined if it has no decorator. */
export function ownMetadata(owner: Class): ClassMetadata | undefined {
  return Reflect.getOwnMetadata(CLASS_METADATA, owner) as ClassMetadata | undefined;
}

/**
 * The metadata of each method, including inherited ones. If a class decorates an inherited method again, only its own
 * decorators count; if it overrides the method without decorators, those of the base class still count.
 */
export function inheritedMethods(owner: Class): Map<string | symbol, MethodMetadata> {
  const members = new Map<string | symbol, MethodMetadata>();
  for (const ancestor of [...classChain(owner)].reverse()) {
    for (const [key, method] of ownMetadata(ancestor)?.members ?? []) members.set(key, method);
  }
  return members;
}

/** The middleware of a class, with that of its base classes outermost. */
export function inheritedMiddleware(owner: Class): ClassMetadata["middleware"] {
  return [...classChain(owner)].reverse().flatMap((ancestor) => ownMetadata(ancestor)?.middleware ?? []);
}

/**
 * The metadata of a method that is being decorated, created on first use.
 *
 * @param target the prototype that the compiler passes to a decorator
 * @throws ConfigurationError `ERR_DECORATOR_TARGET` for a static member, a property or an accessor;
 * `ERR_DECORATOR_STANDARD` for a TC39 decorator
 */
export function methodMetadata(target: object, key: string | symbol, decorator: string): MethodMetadata {
  requireExperimental(decorator, [target, key]);
  if (typeof target === "function") {
    throw badTarget(decorator, `static ${className(target)}.${String(key)}`, "make it an instance method");
  }
  const owner = target.constructor as Class;
  if (typeof Object.getOwnPropertyDescriptor(target, key)?.value !== "function") {
    throw badTarget(
      decorator,
      `${className(owner)}.${String(key)}, which is not a method`,
      "make it a method",
    );
  }
  const { members } = classMetadata(owner);
  let method = members.get(key);
  if (method === undefined) members.set(key, (method = { routes: [], bindings: [], middleware: [] }));
  return method;
}

function badTarget(decorator: string, target: string, cure: string): ConfigurationError {
  return new ConfigurationError("ERR_DECORATOR_TARGET", `Cannot apply ${decorator} to ${target}: ${cure}`);
}

/** The number of a method's parameters, including those with defaults; undefined without compiler metadata. */
export function parameterCount(owner: Class, key: string | symbol): number | undefined {
  return (Reflect.getMetadata(PARAMETER_TYPES, owner.prototype as object, key) as unknown[] | undefined)
    ?.length;
}

/**
 * What tsyringe injects into a constructor, by position: a token, a descriptor from @inject, or the type that the compiler
 * emitted. Unknown positions are undefined; the whole list is undefined if the class has no metadata at all.
 */
export function constructorTokens(owner: Class): readonly unknown[] | undefined {
  const types = Reflect.getMetadata(PARAMETER_TYPES, owner) as unknown[] | undefined;
  const tokens = Reflect.getOwnMetadata(INJECTION_TOKENS, owner) as Record<string, unknown> | undefined;
  if (types === undefined && tokens === undefined) return undefined;
  const merged = [...(types ?? [])];
  for (const [index, token] of Object.entries(tokens ?? {})) merged[Number(index)] = token;
  return Array.from(merged);
}
