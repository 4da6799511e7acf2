// The only file that touches tsyringe, which throws when it is loaded before reflect-metadata.
import "reflect-metadata";
import "./globals-before.js";
import {
  Lifecycle,
  container,
  injectable,
  scoped,
  type DependencyContainer,
  type Disposable,
  type InjectionToken as TsyringeToken,
} from "tsyringe";
import "./globals-after.js";

import { ConfigurationError } from "../errors.js";
import { className, type Class } from "./class.js";

export { Lifecycle, container, delay, inject, injectAll, injectable, scoped, singleton } from "tsyringe";
export type { Disposable } from "tsyringe";

/** What dependencies are registered in and resolved from: tsyringe's `DependencyContainer`. */
export type Container = DependencyContainer;

/** What a dependency is asked for by: its class, or a string or symbol. */
export type InjectionToken<T = unknown> = TsyringeToken<T>;

/** One instance for each request, shared by all that is injected in it, and disposed of with it. */
export function requestScoped(): (target: Class) => void {
  return scoped(Lifecycle.ContainerScoped) as (target: unknown) => void;
}

/**
 * A container that inherits what is registered globally. An application that is given one shares no singleton with
 * another application, so tests can register doubles in it.
 */
export function createContainer(): Container {
  return container.createChildContainer();
}

/** Lets tsyringe construct a class, from the metadata that its decorators left. */
export function makeInjectable(target: Class): void {
  injectable()(target);
}

/** A token as it is shown in messages. */
export function tokenName(token: InjectionToken): string {
  if (typeof token === "function") return className(token);
  return typeof token === "object" ? "delay(…)" : String(token);
}

/** What a token was registered as. */
export interface Registration {
  readonly lifecycle: Lifecycle;
  readonly provider: Provider;
}

/** The class, token, value or factory behind a registration. */
type Provider =
  | { readonly kind: "class"; readonly useClass: Class }
  | { readonly kind: "token"; readonly useToken: InjectionToken }
  | { readonly kind: "value" | "factory" };

/** What tsyringe keeps, and its types hide: there is no public way to ask how a token is registered. */
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

/** How a token is registered in a container or its ancestors; empty for a class that is not, and is just constructed. */
export function registrationsOf(inside: Container, token: InjectionToken): readonly Registration[] {
  const found = raw(inside).getAllRegistrations(token) ?? [];
  return found.map(({ provider, options }) => ({
    lifecycle: options.lifecycle,
    provider: providerOf(provider),
  }));
}

function providerOf({ useClass, useToken, useFactory }: RawRegistration["provider"]): Provider {
  if (useClass !== undefined) return { kind: "class", useClass };
  if (useToken !== undefined) return { kind: "token", useToken };
  return { kind: useFactory === undefined ? "value" : "factory" };
}

/** The class that `delay()` wraps, or the token as it is. */
export function undelayed(token: unknown): unknown {
  const wrap = (token as { wrap?: unknown } | null | undefined)?.wrap;
  return typeof token === "object" && typeof wrap === "function"
    ? (wrap as () => unknown).call(token)
    : token;
}

/**
 * Makes a container's own what an ancestor has registered as a singleton, so that the instance, which is going to hold
 * what this container injects, is not found by others.
 */
export function ownSingleton(inside: Container, token: InjectionToken): void {
  if (raw(inside)._registry.has(token)) return;
  copyRegistrations(inside, token, raw(inside).getAllRegistrations(token) ?? []);
}

function copyRegistrations(to: Container, token: InjectionToken, from: readonly RawRegistration[]): void {
  for (const { provider, options } of from) to.register(token, provider as never, options);
}

/**
 * The container of one application below the one that it was given. What is scoped to a container is registered here
 * again, because tsyringe hands it on from the parent alone: instances would be kept further up, and shared.
 */
export function applicationContainer(base: Container): Container {
  const inside = base.createChildContainer();
  for (let at: RawContainer | undefined = raw(base); at !== undefined; at = at.parent) {
    for (const [token, registrations] of at._registry.entries()) {
      const scopes = registrations.some(({ options }) => options.lifecycle === Lifecycle.ContainerScoped);
      if (scopes && raw(base).getAllRegistrations(token) === at.getAllRegistrations(token)) {
        if (!raw(inside)._registry.has(token)) copyRegistrations(inside, token, registrations);
      }
    }
  }
  return inside;
}

/** Makes a token that only exists within a request say so where it is resolved outside of one. */
export function refuseOutsideRequests(inside: Container, token: Class): void {
  const fact = `there is no ${className(token)} outside of a request`;
  inside.register(token as never, {
    useFactory: (): never => {
      throw new ConfigurationError("ERR_DEPENDENCY_SCOPE", `Cannot resolve ${className(token)}: ${fact}`);
    },
  });
}

/**
 * The container of one request. Singletons are resolved from the application's even when nobody asked for them before:
 * tsyringe would let them keep what belongs to this request.
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
 * Disposes of what a container constructed, dependents before what they were injected, and closes it. One that fails
 * keeps no other from being disposed of, which it would if this were left to tsyringe.
 */
export async function disposeContainer(inside: Container, failed: (error: unknown) => void): Promise<void> {
  const { disposables } = raw(inside);
  const constructed = [...disposables].reverse();
  disposables.clear();
  for (const one of constructed) {
    try {
      await one.dispose();
    } catch (error) {
      failed(error);
    }
  }
  await inside.dispose();
}
