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
import type { Scope } from "./marks.js";
import { requestClass, requestTokens } from "./request-classes.js";

/** A controller, as far as injection is concerned. */
export interface GraphRoot {
  readonly owner: Class;
  readonly kind: RoleKind;
  readonly scope: Scope;
  /** Where its role is decorated. */
  readonly caller?: Caller | undefined;
}

/** Where in the graph the walk is. */
interface Step {
  /** For whom instances are made: for the application, or for one request of a role. */
  readonly holder: "application" | RoleKind;
  /** The classes on the way here, for messages. */
  readonly way: readonly Class[];
  /** Where in the way classes begin that are constructed together; what lies in front is behind a `delay()`. */
  readonly since: number;
}

/**
 * All that is injected into some controllers, found without constructing anything. It throws a ConfigurationError for
 * what would fail, or silently go wrong, once a request comes.
 */
export class DependencyGraph {
  readonly #container: Container;
  readonly #visited = new Map<Step["holder"], Set<InjectionToken>>();
  readonly #singletons = new Set<InjectionToken>();
  readonly #tokens = new Set<InjectionToken>();

  constructor(container: Container, roots: Iterable<GraphRoot>) {
    this.#container = container;
    for (const { owner, kind, scope, caller } of roots) {
      const holder = scope === "request" ? kind : "application";
      placed(caller, () => this.#visit(injectionOfToken(owner), { holder, way: [], since: 0 }));
    }
  }

  /** Every token that is injected. */
  get tokens(): Iterable<InjectionToken> {
    return this.#tokens;
  }

  /** The tokens of singletons, dependencies before those who need them. */
  get singletons(): Iterable<InjectionToken> {
    return this.#singletons;
  }

  #visit({ token, all, optional, delayed }: Injection, from: Step): void {
    const step: Step = delayed ? { ...from, since: from.way.length } : from;
    if (requestTokens.includes(token as Class)) {
      checkRequest(token as Class, step);
      return;
    }
    // A cycle has to be looked for before what was visited already is skipped.
    if (typeof token === "function") checkCycle(token as Class, step);
    const visited = this.#visited.get(step.holder) ?? new Set();
    this.#visited.set(step.holder, visited);
    if (visited.has(token)) return;
    visited.add(token);
    this.#tokens.add(token);
    const registrations = registrationsOf(this.#container, token);
    if (registrations.length > 0) {
      // Without `all` tsyringe injects what was registered last.
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
    if (provider.kind === "class") this.#visitClass(provider.useClass, inside);
    if (provider.kind === "token") this.#visit(injectionOfToken(provider.useToken), inside);
    if (singleton) this.#singletons.add(token);
  }

  #visitClass(owner: Class, step: Step): void {
    checkCycle(owner, step);
    const { holder, way, since } = step;
    const inside: Step = { holder, way: [...way, owner], since };
    if (holder !== "application") checkHooks(owner, inside);
    for (const injection of injectionsOf(owner)) this.#visit(injection, inside);
  }
}

function wayOf({ way }: Step, last?: InjectionToken): string {
  return [...way.map(className), ...(last === undefined ? [] : [tokenName(last)])].join(" -> ");
}

/** What is to be constructed, for messages: the controller at the beginning of the way. */
function rootOf({ way }: Step, last: InjectionToken): string {
  return way[0] === undefined ? tokenName(last) : className(way[0]);
}

function checkRequest(token: Class, step: Step): void {
  if (step.holder === "application") throw requestScopedInside(token, step);
  const own = requestClass[step.holder];
  if (token !== own && Object.values<Class>(requestClass).includes(token)) {
    throw new ConfigurationError(
      "ERR_DEPENDENCY_ROLE",
      `Cannot construct ${rootOf(step, token)}: its requests are of the class ${className(own)}, and ` +
        `${wayOf(step, token)} asks for another; inject ${className(own)}, or RoleRequest for all roles`,
    );
  }
}

function requestScopedInside(token: InjectionToken, step: Step): ConfigurationError {
  const holder = rootOf(step, token);
  return new ConfigurationError(
    "ERR_DEPENDENCY_SCOPE",
    `Cannot construct ${holder}: ${tokenName(token)} belongs to one request, and ` +
      `${step.way.length === 0 ? holder : wayOf(step, token)} would keep it for all; give the controller ` +
      '{ scope: "request" } and make no singleton of what is in between, or pass what is needed as an argument',
  );
}

function checkCycle(owner: Class, step: Step): void {
  const start = step.way.indexOf(owner, step.since);
  if (start < 0) return;
  throw new ConfigurationError(
    "ERR_DEPENDENCY_CYCLE",
    `Cannot construct ${className(owner)}: it needs itself, ${wayOf({ ...step, way: step.way.slice(start) }, owner)}; ` +
      "move what both need into a class of its own, or inject one by delay()",
  );
}

function checkHooks(owner: Class, step: Step): void {
  const [hook] = hooksOf(owner.prototype);
  if (hook === undefined) return;
  throw new ConfigurationError(
    "ERR_DEPENDENCY_HOOK",
    `Cannot construct ${wayOf(step)}: ${className(owner)} is made for each request, so its ${hook} would never be ` +
      "called; decorate it with @singleton(), or use its constructor and dispose()",
  );
}

function unregistered(token: InjectionToken, step: Step): ConfigurationError {
  return new ConfigurationError(
    "ERR_DEPENDENCY_UNREGISTERED",
    `Cannot construct ${rootOf(step, token)}: nothing is registered for ${JSON.stringify(tokenName(token))}, which ` +
      `${className(step.way.at(-1))} is injected; register it in the container before the application is created`,
  );
}
