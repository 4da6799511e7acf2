import type { RoleRequest } from "../roles/request.js";
import type { Binding } from "./marks.js";
import { compileSource, readsBody, type Extract } from "./extract.js";

/** Calls one method of an instance with what its bindings read from a request. */
export type Call = (instance: object, request: RoleRequest) => unknown;

/** What to call, and how its arguments are made. */
export interface CallFacts {
  readonly key: string | symbol;
  readonly bindings: readonly Binding[];
  /** Whether the request itself is the first argument, in front of those that are bound. */
  readonly requestFirst: boolean;
}

type Instance = Readonly<Record<string | symbol, (...args: unknown[]) => unknown>>;

/**
 * Compiles the call of a method. What needs no promise gets none: a method without bindings is called directly, and
 * one whose arguments are there at once returns what it returns.
 */
export function compileCall({ key, bindings, requestFirst }: CallFacts): Call {
  if (bindings.length === 0) {
    if (requestFirst) return (instance, request) => (instance as Instance)[key]!(request);
    return (instance) => (instance as Instance)[key]!();
  }
  const extracts: Extract[] = requestFirst ? [(request: RoleRequest) => request] : [];
  for (const { index, source } of bindings) extracts[index] = compileSource(source);
  const only = extracts[0];
  if (extracts.length === 1 && only !== undefined) {
    return (instance, request) => {
      const value = only(request as never);
      if (!(value instanceof Promise)) return (instance as Instance)[key]!(value);
      return value.then((settled) => (instance as Instance)[key]!(settled));
    };
  }
  const order = readingOrder(extracts, bindings);
  return (instance, request) => {
    const values = extractAll(extracts, order, request);
    if (!(values instanceof Promise)) return (instance as Instance)[key]!(...values);
    return values.then((settled) => (instance as Instance)[key]!(...settled));
  };
}

/** The body comes last, so that none is read for a request that is refused anyway. */
function readingOrder(extracts: readonly Extract[], bindings: readonly Binding[]): readonly number[] {
  const bodies = new Set(bindings.filter(({ source }) => readsBody(source)).map(({ index }) => index));
  return [...extracts.keys()].sort((one, other) => Number(bodies.has(one)) - Number(bodies.has(other)));
}

function extractAll(
  extracts: readonly Extract[],
  order: readonly number[],
  request: RoleRequest,
): unknown[] | Promise<unknown[]> {
  const values: unknown[] = [];
  let pending = false;
  try {
    for (const index of order) {
      const value = extracts[index]!(request as never);
      if (value instanceof Promise) pending = true;
      values[index] = value;
    }
  } catch (error) {
    // The first failure is the answer; one of a promise that still runs must not be an unhandled rejection.
    for (const value of values) if (value instanceof Promise) value.catch(() => undefined);
    throw error;
  }
  return pending ? Promise.all(values) : values;
}
