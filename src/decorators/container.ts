// With tsyringe.ts the only file that touches tsyringe.
import type * as Tsyringe from "tsyringe";
import type {
  DependencyContainer,
  Disposable,
  InjectionToken as TsyringeToken,
  Lifecycle as TsyringeLifecycle,
} from "tsyringe";

import { ConfigurationError } from "../errors.js";
import { className, type Class } from "./class.js";
import { tsyringe } from "./tsyringe.js";

export type { Disposable } from "tsyringe";

/** A container that dependencies are registered in and resolved from: tsyringe's `DependencyContainer`. */
export type Container = DependencyContainer;

/** The key of a dependency: its class, a string or a symbol. */
export type InjectionToken<T = unknown> = TsyringeToken<T>;

/** How long an instance lives: tsyringe's `Lifecycle`. */
export type Lifecycle = TsyringeLifecycle;
export const Lifecycle = {
  0: "Transient",
  1: "Singleton",
  2: "ResolutionScoped",
  3: "ContainerScoped",
  Transient: 0,
  Singleton: 1,
  ResolutionScoped: 2,
  ContainerScoped: 3,
} as const as unknown as typeof TsyringeLifecycle;

/** Lets a class be injected: tsyringe's decorator. */
export const injectable: typeof Tsyringe.injectable = (...args) => tsyringe().injectable(...args);

/** Makes a class have one instance, shared by everything that is injected with it: tsyringe's decorator. */
export const singleton: typeof Tsyringe.singleton = () => tsyringe().singleton();

/** Registers a class with a {@link Lifecycle}: tsyringe's decorator. */
export const scoped: typeof Tsyringe.scoped = (...args) => tsyringe().scoped(...args);

/** Injects what is registered for a token: tsyringe's decorator of constructor parameters. */
export const inject: typeof Tsyringe.inject = (...args) => tsyringe().inject(...args);

/** Injects a list of everything that is registered for a token: tsyringe's decorator of constructor parameters. */
export const injectAll: typeof Tsyringe.injectAll = (...args) => tsyringe().injectAll(...args);

/** A token for a class that is declared later, or whose instance is created on first use: tsyringe's function. */
export const delay: typeof Tsyringe.delay = (wrapped) => tsyringe().delay(wrapped);

const traps = [
  "defineProperty",
  "deleteProperty",
  "get",
  "getOwnPropertyDescriptor",
  "getPrototypeOf",
  "has",
  "ownKeys",
  "set",
] as const;

/** tsyringe's global container, which is loaded on first use. */
export const container: Container = new Proxy(
  {} as Container,
  Object.fromEntries(
    traps.map((trap) => [
      trap,
      (_target: object, ...args: readonly unknown[]): unknown =>
        (Reflect[trap] as (...args: readonly unknown[]) => unknown)(tsyringe().container, ...args),
    ]),
  ),
);

/**
 * One instance for each request, shared by everything that is injected in that request, and disposed of at its end.
 *
 * @example
 * ```ts
 * import { Get, Responder, requestScoped } from "tricorn";
 *
 * @requestScoped()
 * class Audit {
 *   readonly entries: string[] = [];
 * }
 *
 * @Responder("/books", { scope: "request" })
 * class Books {
 *   constructor(private readonly audit: Audit) {}
 *
 *   @Get("/")
 *   list() {
 *     this.audit.entries.push("listed");
 *     return this.audit.entries;
 *   }
 * }
 * ```
 */
export function requestScoped(): (target: Class) => void {
  return scoped(Lifecycle.ContainerScoped) as (target: unknown) => void;
}

/**
 * Creates a container that inherits the global registrations. An application with its own container shares no singleton
 * with another application, so tests can register doubles in it.
 */
export function createContainer(): Container {
  return tsyringe().container.createChildContainer();
}

/** Lets tsyringe construct a class from its decorator metadata. */
export function makeInjectable(target: Class): void {
  injectable()(target);
}

/** The name of a token for messages. */
export function tokenName(token: InjectionToken): string {
  if (typeof token === "function") return className(token);
  return typeof token === "object" ? "delay(…)" : String(token);
}

/** A registration of a token. */
export interface Registration {
  readonly lifecycle: Lifecycle;
  readonly provider: Provider;
}

/** What a registration provides. */
type Provider =
  | { readonly kind: "class"; readonly useClass: Class }
  | { readonly kind: "token"; readonly useToken: InjectionToken }
  | { readonly kind: "value" | "factory" };

/** Private state of tsyringe (4.10): it has no public way to ask how a token is registered. */
interface RawRegistration {
  readonly provider: { useClass?: Class; useToken?: InjectionToken; useFactory?: unknown };
  readonly options: { readonly lifecycle: Lifecycle };
}
interface RawContainer {
  readonly parent?: RawContainer;
  readonly disposables: Set<Disposable>;
  readonly _registry: {
    has(token: unknown): boolean;
    entries(): Iterable<[token: InjectionToken, registrations: RawRegistration[]]>;
  };
  getAllRegistrations(token: unknown): RawRegistration[] | null;
}

function raw(inside: Container): RawContainer {
  return inside as unknown as RawContainer;
}

/** The registrations of a token in a container or its ancestors; empty for an unregistered class, which is constructed. */
export function registrationsOf(inside: Container, token: InjectionToken): readonly Registration[] {
  const registrations = raw(inside).getAllRegistrations(token) ?? [];
  return registrations.map(({ provider, options }) => ({
    lifecycle: options.lifecycle,
    provider: providerOf(provider),
  }));
}

function providerOf({ useClass, useToken, useFactory }: RawRegistration["provider"]): Provider {
  if (useClass !== undefined) return { kind: "class", useClass };
  if (useToken !== undefined) return { kind: "token", useToken };
  return { kind: useFactory === undefined ? "value" : "factory" };
}

/** The class that `delay()` wraps, or the token itself. */
export function undelayed(token: unknown): unknown {
  const wrap = (token as { wrap?: unknown } | null | undefined)?.wrap;
  return typeof token === "object" && typeof wrap === "function"
    ? (wrap as () => unknown).call(token)
    : token;
}

/**
 * Copies an ancestor's singleton registration into a container. The instance will hold dependencies of this container, so
 * other containers must not share it.
 */
export function ownSingleton(inside: Container, token: InjectionToken): void {
  if (raw(inside)._registry.has(token)) return;
  copyRegistrations(inside, token, raw(inside).getAllRegistrations(token) ?? []);
}

function copyRegistrations(to: Container, token: InjectionToken, from: readonly RawRegistration[]): void {
  for (const { provider, options } of from) to.register(token, provider as never, options);
}

/**
 * Creates the container of one application as a child of the given one. Container-scoped registrations are copied into it:
 * tsyringe would otherwise keep their instances in an ancestor, and share them.
 */
export function applicationContainer(base: Container): Container {
  const inside = base.createChildContainer();
  for (let at: RawContainer | undefined = raw(base); at !== undefined; at = at.parent) {
    for (const [token, registrations] of at._registry.entries()) {
      const isScoped = registrations.some(({ options }) => options.lifecycle === Lifecycle.ContainerScoped);
      if (isScoped && raw(base).getAllRegistrations(token) === at.getAllRegistrations(token)) {
        if (!raw(inside)._registry.has(token)) copyRegistrations(inside, token, registrations);
      }
    }
  }
  return inside;
}

/** Makes the resolution of a request's token fail with a clear message outside of a request. */
export function rejectOutsideRequests(inside: Container, token: Class): void {
  const message = `Cannot resolve ${className(token)}: it exists only within a request`;
  inside.register(token as never, {
    useFactory: (): never => {
      throw new ConfigurationError("ERR_DEPENDENCY_SCOPE", message);
    },
  });
}

/**
 * Creates the container of one request. Singletons are resolved from the application's container, also the first time:
 * tsyringe would construct them with dependencies of this request.
 */
export function requestContainer(application: Container): Container {
  const inside = application.createChildContainer();
  const resolve = inside.resolve.bind(inside) as (...args: unknown[]) => unknown;
  const resolveForRequest = (token: InjectionToken, ...rest: unknown[]): unknown => {
    const registration = registrationsOf(application, token).at(-1);
    return registration?.lifecycle === Lifecycle.Singleton
      ? application.resolve(token)
      : resolve(token, ...rest);
  };
  inside.resolve = resolveForRequest as Container["resolve"];
  return inside;
}

/**
 * Disposes of a container's instances, dependents before their dependencies, and closes it. Unlike in tsyringe, a failing
 * `dispose()` does not keep the others from being called.
 */
export async function disposeContainer(inside: Container, onError: (error: unknown) => void): Promise<void> {
  const { disposables } = raw(inside);
  const constructed = [...disposables].reverse();
  disposables.clear();
  for (const one of constructed) {
    try {
      await one.dispose();
    } catch (error) {
      onError(error);
    }
  }
  await inside.dispose();
}
