import { ConfigurationError } from "../errors.js";
import { className } from "./class.js";
import { isWrittenAsClass } from "./mistaken-part.js";

/**
 * Refuses a decorator that is written without its parentheses, `@Get`: then the compiler hands what is decorated to the
 * function that makes the decorator.
 *
 * @throws ConfigurationError `ERR_DECORATOR_CALL`
 */
export function requireParentheses(decorator: string, args: readonly unknown[]): void {
  const [target, key] = args;
  const isMember = isHolder(target) && (typeof key === "string" || typeof key === "symbol");
  const isWhole = isWrittenAsClass(target);
  if (!isMember && !isWhole && !isContext(key)) return;
  throw new ConfigurationError(
    "ERR_DECORATOR_CALL",
    `Cannot apply ${decorator} to ${placeOf(target, key)}: it has no parentheses; write ${decorator}(…), or ${decorator}() ` +
      "where it is told nothing",
  );
}

/**
 * Refuses to decorate by the decorators of TC39, which know no parameters and no types: a compiler makes them where
 * `experimentalDecorators` is not set.
 *
 * @throws ConfigurationError `ERR_DECORATOR_STANDARD`
 */
export function requireExperimental(decorator: string, args: readonly unknown[]): void {
  const [target, context] = args;
  if (!isContext(context)) return;
  throw new ConfigurationError(
    "ERR_DECORATOR_STANDARD",
    `Cannot apply ${decorator} to ${placeOf(target, context)}: its file was compiled without "experimentalDecorators"; set that and ` +
      '"emitDecoratorMetadata" to true in the tsconfig.json that its compiler reads',
  );
}

/** What a decorator of TC39 gets as its second argument. */
interface Context {
  readonly kind: string;
  readonly name: unknown;
}

function isContext(value: unknown): value is Context {
  return typeof value === "object" && value !== null && "kind" in value && "addInitializer" in value;
}

function isHolder(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

function placeOf(target: unknown, key: unknown): string {
  if (isContext(key)) return key.kind === "class" ? className(target) : String(key.name);
  if (typeof key !== "string" && typeof key !== "symbol") return className(target);
  const owner = typeof target === "function" ? target : (target as object).constructor;
  return `${className(owner)}.${String(key)}`;
}
