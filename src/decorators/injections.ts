import { ConfigurationError } from "../errors.js";
import { classChain, className, type Class } from "./class.js";
import { undelayed, type InjectionToken } from "./container.js";
import { constructorTokens } from "./metadata.js";

/** The dependency that one constructor parameter receives. */
export interface Injection {
  readonly token: InjectionToken;
  /** Whether all registrations of the token are injected, as a list. */
  readonly all: boolean;
  /** Whether the token need not be registered. */
  readonly optional: boolean;
  /** Whether it is constructed on first use, by `delay()`. */
  readonly delayed: boolean;
}

/** What the compiler emits for a type that is not a class: an interface, a type-only import, a primitive. */
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
 * The dependencies of a class's constructor, in order.
 *
 * @throws ConfigurationError `ERR_DEPENDENCY_TYPE` if a parameter has no metadata that names a class; tsyringe would
 * silently inject undefined or an empty object
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
        "(tsc and oxc support it, esbuild and Node.js type stripping do not)",
    );
  }
  const injections: Injection[] = [];
  for (let index = 0; index < Math.max(tokens.length, constructed.length); index += 1) {
    injections.push(...injectionOf(owner, index, tokens[index]));
  }
  return injections;
}

/** Whether a class cannot be constructed without arguments, or asks for some. */
export function hasDependencies(owner: Class): boolean {
  return constructorOf(owner).length > 0 || (constructorTokens(owner)?.length ?? 0) > 0;
}

/** The nearest class that declares a constructor: the others pass their arguments on to it. */
function constructorOf(owner: Class): Class {
  for (const ancestor of classChain(owner)) {
    if (/\bconstructor\s*\(/.test(Function.prototype.toString.call(ancestor))) return ancestor;
  }
  return owner;
}

interface InjectDescription {
  readonly token?: unknown;
  readonly multiple?: boolean;
  readonly isOptional?: boolean;
  readonly transform?: unknown;
}

function injectionOf(owner: Class, index: number, tokenOrDescription: unknown): Injection[] {
  const described: InjectDescription =
    typeof tokenOrDescription === "object" && tokenOrDescription !== null && "token" in tokenOrDescription
      ? tokenOrDescription
      : { token: tokenOrDescription };
  const token = undelayed(described.token);
  if (NO_CLASSES.has(token)) throw untyped(owner, index, token);
  const { multiple: all = false, isOptional: optional = false, transform } = described;
  const delayed = token !== described.token;
  const injection: Injection = { token: token as InjectionToken, all, optional, delayed };
  return transform === undefined
    ? [injection]
    : [injectionOfToken(undelayed(transform) as InjectionToken), injection];
}

/** A required injection of a token. */
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
      '"type", break a circular import with delay(), or name a token with @inject',
  );
}
