import { ConfigurationError } from "../errors.js";
import { className, type Class } from "./class.js";
import { undelayed, type InjectionToken } from "./container.js";
import { classChain, constructorTokens } from "./metadata.js";

/** What one constructor parameter is injected. */
export interface Injection {
  readonly token: InjectionToken;
  /** Whether everything that is registered for the token is injected, as a list. */
  readonly all: boolean;
  /** Whether nothing is needed. */
  readonly optional: boolean;
  /** Whether it is constructed when it is first used, by `delay()`. */
  readonly delayed: boolean;
}

/** What the compiler writes down where a type is no class: for an interface, a type-only import, a primitive. */
const NO_CLASSES: ReadonlySet<unknown> = new Set([
  Object,
  String,
  Number,
  Boolean,
  BigInt,
  Symbol,
  Array,
  Function,
  Promise,
  undefined,
  null,
]);

/**
 * What the constructor of a class is injected, in order.
 *
 * @throws ConfigurationError `ERR_DEPENDENCY_TYPE` where tsyringe would inject undefined or an empty object, without a
 * word: there is no metadata, or none that names a class
 */
export function injectionsOf(owner: Class): Injection[] {
  const constructed = constructorOf(owner);
  const tokens = constructorTokens(owner);
  if (tokens === undefined) {
    if (constructed.length === 0) return [];
    throw new ConfigurationError(
      "ERR_DEPENDENCY_TYPE",
      `Cannot construct ${className(owner)}: its constructor has ${constructed.length} parameter${
        constructed.length === 1 ? "" : "s"
      } and no type metadata; decorate the class with @injectable(), and compile it with emitDecoratorMetadata ` +
        "(tsc and oxc can, esbuild and Node's type stripping cannot)",
    );
  }
  const injections: Injection[] = [];
  for (let index = 0; index < Math.max(tokens.length, constructed.length); index += 1) {
    injections.push(...injectionOf(owner, index, tokens[index]));
  }
  return injections;
}

/** The class of the chain whose constructor runs: one without a constructor of its own passes everything on. */
function constructorOf(owner: Class): Class {
  for (const ancestor of classChain(owner)) {
    if (/\bconstructor\s*\(/.test(Function.prototype.toString.call(ancestor))) return ancestor;
  }
  return owner;
}

interface Described {
  readonly token?: unknown;
  readonly multiple?: boolean;
  readonly isOptional?: boolean;
  readonly transform?: unknown;
}

function injectionOf(owner: Class, index: number, given: unknown): Injection[] {
  const described: Described =
    typeof given === "object" && given !== null && "token" in given ? given : { token: given };
  const token = undelayed(described.token);
  if (NO_CLASSES.has(token)) throw untyped(owner, index, token);
  const { multiple: all = false, isOptional: optional = false, transform } = described;
  const delayed = token !== described.token;
  const injection: Injection = { token: token as InjectionToken, all, optional, delayed };
  return transform === undefined
    ? [injection]
    : [injectionOfToken(undelayed(transform) as InjectionToken), injection];
}

/** What stands for a token alone. */
export function injectionOfToken(token: InjectionToken): Injection {
  return { token, all: false, optional: false, delayed: false };
}

function untyped(owner: Class, index: number, type: unknown): ConfigurationError {
  const fact =
    type === undefined || type === null
      ? "has no type metadata"
      : `has the type ${className(type)}, which is not a class that can be injected`;
  return new ConfigurationError(
    "ERR_DEPENDENCY_TYPE",
    `Cannot construct ${className(owner)}: parameter ${index} of its constructor ${fact}; import its class without ` +
      '"type", break up a circular import with delay(), or say what to inject with @inject',
  );
}
