import type { RoleRequest } from "../roles/request.js";
import type { Binding } from "./metadata.js";
import { compileSource, readsBody, type Extract } from "./extract.js";

/** Calls one method of an instance with the arguments that its bindings read from a request. */
export type MethodCall = (instance: object, request: RoleRequest) => unknown;

/** A method, and how its arguments are read. */
export interface MethodToCall {
  readonly key: string | symbol;
  readonly bindings: readonly Binding[];
  /** Whether the request itself is the first argument, before the bound ones. */
  readonly requestFirst: boolean;
}

type Instance = Readonly<Record<string | symbol, (...args: unknown[]) => unknown>>;

/**
 * Compiles the call of a method. A promise is created only if an argument is one; otherwise the method is called
 * synchronously.
 */
export function compileCall({ key, bindings, requestFirst }: MethodToCall): MethodCall {
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

/** The body is read last, so that it is not read for a request that another binding rejects. */
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
    // The first failure is the answer; pending promises must not reject unhandled.
    for (const value of values) if (value instanceof Promise) value.catch(() => undefined);
    throw error;
  }
  return pending ? Promise.all(values) : values;
}

/** The source of a controller's instance: one for the application, or one for each request. */
export type Instances =
  | { readonly scope: "singleton"; readonly instance: object }
  | { readonly scope: "request"; readonly of: (request: RoleRequest) => object };

/** Binds a method call to its instance, as definitions expect it. */
export function bindCall(call: MethodCall, instances: Instances): (request: unknown) => unknown {
  if (instances.scope === "request") {
    const { of } = instances;
    return (request) => call(of(request as RoleRequest), request as RoleRequest);
  }
  const { instance } = instances;
  return (request) => call(instance, request as RoleRequest);
}
