// The only file that touches Reflect, and reflect-metadata has to be there before tsyringe is loaded.
import "reflect-metadata";

import { ConfigurationError } from "../errors.js";
import { className, type Class } from "./class.js";
import { requireExperimental } from "./decorated.js";
import type { ClassMarks, MemberMarks } from "./marks.js";

const MARKS = Symbol("tricorn");
/** What the compiler writes for decorated classes and methods (`emitDecoratorMetadata`). */
const PARAMETER_TYPES = "design:paramtypes";
/** Where tsyringe keeps what @inject was given. */
const INJECTION_TOKENS = "injectionTokens";

/** What the decorators wrote down about this very class; it is made when there is nothing yet. */
export function marksOf(owner: Class): ClassMarks {
  const marks = ownMarks(owner);
  if (marks !== undefined) return marks;
  const fresh: ClassMarks = { roles: [], middleware: [], members: new Map() };
  Reflect.defineMetadata(MARKS, fresh, owner);
  return fresh;
}

/** What the decorators wrote down about this very class, not about its base classes. */
export function ownMarks(owner: Class): ClassMarks | undefined {
  return Reflect.getOwnMetadata(MARKS, owner) as ClassMarks | undefined;
}

/**
 * What the decorators wrote down about each method, inherited ones included. Where a class decorates a method again,
 * only its own decorators count; where it overrides the method without any, those of the base class still do.
 */
export function inheritedMembers(owner: Class): Map<string | symbol, MemberMarks> {
  const members = new Map<string | symbol, MemberMarks>();
  for (const ancestor of [...classChain(owner)].reverse()) {
    for (const [key, marks] of ownMarks(ancestor)?.members ?? []) members.set(key, marks);
  }
  return members;
}

/** The middleware of a class, that of its base classes outermost. */
export function inheritedMiddleware(owner: Class): ClassMarks["middleware"] {
  return [...classChain(owner)].reverse().flatMap((ancestor) => ownMarks(ancestor)?.middleware ?? []);
}

/** The class and its base classes, nearest first. */
export function* classChain(owner: Class): Generator<Class, void, undefined> {
  for (
    let current: unknown = owner;
    typeof current === "function" && current !== Function.prototype;
    current = Object.getPrototypeOf(current)
  ) {
    yield current as Class;
  }
}

/**
 * The marks of a method that is being decorated.
 *
 * @param target the prototype that the compiler hands to a decorator
 * @throws ConfigurationError `ERR_DECORATOR_TARGET` for a static member, a property or an accessor;
 * `ERR_DECORATOR_STANDARD` for what the compiler does without `experimentalDecorators`
 */
export function markMember(target: object, key: string | symbol, decorator: string): MemberMarks {
  requireExperimental(decorator, [target, key]);
  if (typeof target === "function") {
    throw misplaced(decorator, `static ${className(target)}.${String(key)}`, "make it an instance method");
  }
  const owner = target.constructor as Class;
  if (typeof Object.getOwnPropertyDescriptor(target, key)?.value !== "function") {
    throw misplaced(decorator, `${className(owner)}.${String(key)}, which is no method`, "make it a method");
  }
  const { members } = marksOf(owner);
  let marks = members.get(key);
  if (marks === undefined) members.set(key, (marks = { routes: [], bindings: [], middleware: [] }));
  return marks;
}

function misplaced(decorator: string, place: string, cure: string): ConfigurationError {
  return new ConfigurationError("ERR_DECORATOR_TARGET", `Cannot apply ${decorator} to ${place}: ${cure}`);
}

/** How many parameters the compiler saw on a method, those with defaults included; undefined without its metadata. */
export function parameterCount(owner: Class, key: string | symbol): number | undefined {
  return (Reflect.getMetadata(PARAMETER_TYPES, owner.prototype as object, key) as unknown[] | undefined)
    ?.length;
}

/**
 * What tsyringe will inject into a constructor, by position: a token, a description by @inject, or whatever the compiler
 * wrote down. Positions that nothing is known about are undefined. The whole is undefined where the class has neither.
 */
export function constructorTokens(owner: Class): readonly unknown[] | undefined {
  const types = Reflect.getMetadata(PARAMETER_TYPES, owner) as unknown[] | undefined;
  const tokens = Reflect.getOwnMetadata(INJECTION_TOKENS, owner) as Record<string, unknown> | undefined;
  if (types === undefined && tokens === undefined) return undefined;
  const merged = [...(types ?? [])];
  for (const [index, token] of Object.entries(tokens ?? {})) merged[Number(index)] = token;
  return Array.from(merged);
}
