import { placed, type Caller } from "../diagnostics/caller.js";
import { ConfigurationError } from "../errors.js";
import { className, type Class, type RoleKind } from "./class.js";
import {
  Lifecycle,
  registrationsOf,
  tokenName,
  type Container,
  type InjectionToken,
  type Registration,
} from "./container.js";
import { injectionOfToken, injectionsOf, type Injection } from "./injections.js";
import { hooksOf } from "./lifecycle.js";
import type { Scope } from "./metadata.js";
import { requestClass, requestTokens } from "./request-scopes.js";

/** A controller as a root of the dependency graph. */
export interface GraphRoot {
  readonly owner: Class;
  readonly kind: RoleKind;
  readonly scope: Scope;
  /** Where its role decorator is written. */
  readonly caller?: Caller | undefined;
}

/** A position in the traversal. */
interface Step {
  /** The owner of the instances: the application, or one request of a role. */
  readonly holder: "application" | RoleKind;
  /** The classes from the root to this position. */
  readonly path: readonly Class[];
  /** The index in `path` of the first class that is constructed together with this one, after the last `delay()`. */
  readonly since: number;
}

/**
 * The dependencies of controllers, found without constructing anything. The constructor throws a ConfigurationError for
 * each dependency that would fail, or silently be wrong, on a request.
 */
export class DependencyGraph {
  readonly #container: Container;
  readonly #visited = new Map<Step["holder"], Set<InjectionToken>>();
  readonly #singletons = new Set<InjectionToken>();
  readonly #tokens = new Set<InjectionToken>();
  #hasFactories = false;

  constructor(container: Container, roots: Iterable<GraphRoot>) {
    this.#container = container;
    for (const { owner, kind, scope, caller } of roots) {
      const holder = scope === "request" ? kind : "application";
      placed(caller, () => this.#visit(injectionOfToken(owner), { holder, path: [], since: 0 }));
    }
  }

  /** All tokens that are injected. */
  get tokens(): ReadonlySet<InjectionToken> {
    return this.#tokens;
  }

  /** Whether factories construct some of it: what those resolve is unknown. */
  get hasFactories(): boolean {
    return this.#hasFactories;
  }

  /** The tokens of singletons, dependencies before their dependents. */
  get singletons(): Iterable<InjectionToken> {
    return this.#singletons;
  }

  #visit({ token, all, optional, delayed }: Injection, from: Step): void {
    const step: Step = delayed ? { ...from, since: from.path.length } : from;
    if (requestTokens.includes(token as Class)) {
      checkRequestToken(token as Class, step);
      return;
    }
    // Before visited tokens are skipped: a cycle leads to one.
    if (typeof token === "function") checkCycle(token as Class, step);
    const visited = this.#visited.get(step.holder) ?? new Set();
    this.#visited.set(step.holder, visited);
    if (visited.has(token)) return;
    visited.add(token);
    this.#tokens.add(token);
    const registrations = registrationsOf(this.#container, token);
    if (registrations.length > 0) {
      // Without `all`, tsyringe injects the last registration.
      for (const one of all ? registrations : registrations.slice(-1))
        this.#visitRegistration(token, one, step);
    } else if (typeof token === "function") {
      this.#visitClass(token as Class, step);
    } else if (!optional) {
      throw unregistered(token, step);
    }
  }

  #visitRegistration(token: InjectionToken, { lifecycle, provider }: Registration, step: Step): void {
    if (lifecycle === Lifecycle.ContainerScoped && step.holder === "application") {
      throw requestScopedInside(token, step);
    }
    const singleton = lifecycle === Lifecycle.Singleton;
    const inside: Step = singleton ? { ...step, holder: "application" } : step;
    if (provider.kind === "factory") this.#hasFactories = true;
    if (provider.kind === "class") this.#visitClass(provider.useClass, inside);
    if (provider.kind === "token") this.#visit(injectionOfToken(provider.useToken), inside);
    if (singleton) this.#singletons.add(token);
  }

  #visitClass(owner: Class, step: Step): void {
    checkCycle(owner, step);
    const { holder, path, since } = step;
    const inside: Step = { holder, path: [...path, owner], since };
    if (holder !== "application") checkHooks(owner, inside);
    for (const injection of injectionsOf(owner)) this.#visit(injection, inside);
  }
}

function formatPath({ path }: Step, last?: InjectionToken): string {
  return [...path.map(className), ...(last === undefined ? [] : [tokenName(last)])].join(" -> ");
}

/** The class that could not be constructed, for messages: the controller at the root. */
function rootOf({ path }: Step, last: InjectionToken): string {
  return path[0] === undefined ? tokenName(last) : className(path[0]);
}

function checkRequestToken(token: Class, step: Step): void {
  if (step.holder === "application") throw requestScopedInside(token, step);
  const own = requestClass[step.holder];
  if (token !== own && Object.values<Class>(requestClass).includes(token)) {
    throw new ConfigurationError(
      "ERR_DEPENDENCY_ROLE",
      `Cannot construct ${rootOf(step, token)}: its requests have the class ${className(own)}, but ` +
        `${formatPath(step, token)} asks for another; inject ${className(own)}, or RoleRequest for any role`,
    );
  }
}

function requestScopedInside(token: InjectionToken, step: Step): ConfigurationError {
  const holder = rootOf(step, token);
  return new ConfigurationError(
    "ERR_DEPENDENCY_SCOPE",
    `Cannot construct ${holder}: ${tokenName(token)} belongs to one request, but ` +
      `${step.path.length === 0 ? holder : formatPath(step, token)} would keep it for all requests; give the controller ` +
      '{ scope: "request" } and use no singleton in between, or pass the value as an argument',
  );
}

function checkCycle(owner: Class, step: Step): void {
  const start = step.path.indexOf(owner, step.since);
  if (start < 0) return;
  throw new ConfigurationError(
    "ERR_DEPENDENCY_CYCLE",
    `Cannot construct ${className(owner)}: it depends on itself, ${formatPath({ ...step, path: step.path.slice(start) }, owner)}; ` +
      "move the shared part into another class, or inject one with delay()",
  );
}

function checkHooks(owner: Class, step: Step): void {
  const [hook] = hooksOf(owner.prototype);
  if (hook === undefined) return;
  throw new ConfigurationError(
    "ERR_DEPENDENCY_HOOK",
    `Cannot construct ${formatPath(step)}: ${className(owner)} is constructed for each request, so its ${hook} would never be ` +
      "called; decorate it with @singleton(), or use its constructor and dispose()",
  );
}

function unregistered(token: InjectionToken, step: Step): ConfigurationError {
  return new ConfigurationError(
    "ERR_DEPENDENCY_UNREGISTERED",
    `Cannot construct ${rootOf(step, token)}: nothing is registered for ${JSON.stringify(tokenName(token))}, which ` +
      `${className(step.path.at(-1))} depends on; register it in the container before creating the application`,
  );
}
