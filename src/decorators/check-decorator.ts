import { ConfigurationError } from "../errors.js";
import { className, isWrittenAsClass } from "./class.js";

/**
 * Rejects a decorator without parentheses, `@Get`: the compiler then passes the decorated target to the decorator
 * factory.
 *
 * @throws ConfigurationError `ERR_DECORATOR_CALL`
 */
export function requireParentheses(decorator: string, args: readonly unknown[]): void {
  const [target, key] = args;
  const isMember = isObject(target) && (typeof key === "string" || typeof key === "symbol");
  if (!isMember && !isWrittenAsClass(target) && !isStandardContext(key)) return;
  throw new ConfigurationError(
    "ERR_DECORATOR_CALL",
    `Cannot apply ${decorator} to ${describeTarget(target, key)}: it has no parentheses; write ${decorator}() or ${decorator}(…)`,
  );
}

/**
 * Rejects TC39 decorators, which have neither parameter decorators nor type metadata. A compiler emits them unless
 * `experimentalDecorators` is set.
 *
 * @throws ConfigurationError `ERR_DECORATOR_STANDARD`
 */
export function requireExperimental(decorator: string, args: readonly unknown[]): void {
  const [target, context] = args;
  if (!isStandardContext(context)) return;
  throw new ConfigurationError(
    "ERR_DECORATOR_STANDARD",
    `Cannot apply ${decorator} to ${describeTarget(target, context)}: its file was compiled without "experimentalDecorators"; set that and ` +
      '"emitDecoratorMetadata" to true in the tsconfig.json that its compiler reads',
  );
}

/** The second argument of a TC39 decorator. */
interface StandardContext {
  readonly kind: string;
  readonly name: unknown;
}

function isStandardContext(value: unknown): value is StandardContext {
  return typeof value === "object" && value !== null && "kind" in value && "addInitializer" in value;
}

function isObject(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

function describeTarget(target: unknown, key: unknown): string {
  if (isStandardContext(key)) return key.kind === "class" ? className(target) : String(key.name);
  if (typeof key !== "string" && typeof key !== "symbol") return className(target);
  const owner = typeof target === "function" ? target : (target as object).constructor;
  return `${className(owner)}.${String(key)}`;
}
