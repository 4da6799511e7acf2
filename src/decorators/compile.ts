import { ConfigurationError, TricornError } from "../errors.js";
import type { Definition } from "../roles/definitions.js";
import { placed } from "../diagnostics/caller.js";
import { checkRoutes } from "./check-routes.js";
import type { Class } from "./class.js";
import { compileAuthorizer, compileFilter } from "./compile-authorizer-and-filter.js";
import { compileResponder } from "./compile-responder.js";
import {
  applicationContainer,
  ownSingleton,
  rejectOutsideRequests,
  tokenName,
  type Container,
  type InjectionToken,
} from "./container.js";
import type { Instances } from "./call.js";
import { readControllers, type CheckedController, type Controller } from "./controller.js";
import { DependencyGraph } from "./dependency-graph.js";
import { hasDependencies } from "./injections.js";
import { LifecycleHooks } from "./lifecycle.js";
import { requestTokens, RequestScopes } from "./request-scopes.js";
import { isTsyringeLoaded, tsyringe } from "./tsyringe.js";

/** Options of {@link compileControllers}. */
export interface CompileOptions {
  /** Definitions without decorators, of these or further roles. */
  readonly definitions?: readonly Definition[] | undefined;
  /** The container that resolves dependencies; defaults to tsyringe's global container. */
  readonly container?: Container | undefined;
}

/** Controllers as plain definitions, and the lifecycle hooks of the instances behind them. */
export interface CompiledControllers {
  readonly definitions: readonly Definition[];
  readonly hooks: LifecycleHooks;
  /** Undefined if no container was needed. */
  readonly injections: Injections | undefined;
}

/** What a container injects into the controllers and their dependencies. */
export interface Injections {
  readonly tokens: ReadonlySet<InjectionToken>;
  /** Whether factories construct some of it: what those resolve is not among the tokens. */
  readonly hasFactories: boolean;
}

/**
 * Checks controllers and compiles them to definitions. Nothing is constructed before all checks pass; then every singleton
 * that a request could need is constructed.
 *
 * @throws ConfigurationError that names class, member, fact and cure
 */
export function compileControllers(
  classes: readonly Class[],
  options: CompileOptions = {},
): CompiledControllers {
  const { definitions = [] } = options;
  const checkedControllers = checkAll(classes, definitions);
  const { compiled, instances, injections } = needsContainer(checkedControllers, options)
    ? resolveAll(checkedControllers, options)
    : constructAll(checkedControllers);
  return { definitions: [...compiled, ...definitions], hooks: new LifecycleHooks(instances), injections };
}

/** Whether a container can make a difference: it has registrations, or there is something to inject. */
function needsContainer(controllers: readonly ControllerWithChecks[], options: CompileOptions): boolean {
  return (
    options.container !== undefined ||
    isTsyringeLoaded() ||
    controllers.some(({ controller: { owner, role } }) => role.scope === "request" || hasDependencies(owner))
  );
}

/** The definitions of controllers, and their instances with those of their dependencies, dependencies first. */
interface Constructed {
  readonly compiled: readonly Definition[];
  readonly instances: Iterable<object>;
  readonly injections?: Injections;
}

function constructAll(controllers: readonly ControllerWithChecks[]): Constructed {
  const instances: object[] = [];
  const compiled = controllers.map(({ controller: { owner }, checked }) => {
    const instance = construct(owner, () => new owner());
    instances.push(instance);
    return checked.define({ scope: "singleton", instance });
  });
  return { compiled, instances };
}

function resolveAll(
  checkedControllers: readonly ControllerWithChecks[],
  options: CompileOptions,
): Constructed {
  const inside = applicationContainer(options.container ?? tsyringe().container);
  for (const token of requestTokens) rejectOutsideRequests(inside, token);
  const graph = new DependencyGraph(
    inside,
    checkedControllers.map(({ controller: { owner, role } }) => ({ owner, ...role })),
  );
  const instances = collectInstances(inside, graph.tokens);
  for (const token of graph.singletons) {
    if (options.container !== undefined) ownSingleton(options.container, token);
    construct(token, () => inside.resolve(token));
  }
  const scopes = new RequestScopes(inside);
  const compiled = checkedControllers.map(({ controller, checked }) =>
    checked.define(instancesOf(controller, inside, scopes)),
  );
  return { compiled, instances, injections: graph };
}

/**
 * Checks controllers as {@link compileControllers} does and returns their definitions. Nothing is constructed, so these
 * definitions cannot answer a request.
 */
export function outlineControllers(
  classes: readonly Class[],
  definitions: readonly Definition[],
): readonly Definition[] {
  const outlined = checkAll(classes, definitions).map(({ checked }) =>
    checked.define({ scope: "request", of: notConstructed }),
  );
  return [...outlined, ...definitions];
}

function notConstructed(): never {
  throw new TypeError("Cannot answer: the controllers were only described");
}

interface ControllerWithChecks {
  readonly controller: Controller;
  readonly checked: CheckedController;
}

function checkAll(classes: readonly Class[], definitions: readonly Definition[]): ControllerWithChecks[] {
  const all = readControllers(classes).map((controller) => ({
    controller,
    checked: placed(controller.role.caller, () => checkController(controller)),
  }));
  checkRoutes([
    ...all.flatMap(({ checked }) => checked.routes),
    ...definitions.flatMap((definition) => (definition.kind === "responder" ? definition.routes : [])),
  ]);
  return all;
}

function checkController(controller: Controller): CheckedController {
  switch (controller.role.kind) {
    case "responder":
      return compileResponder(controller);
    case "authorizer":
      return compileAuthorizer(controller);
    case "filter":
      return compileFilter(controller);
  }
}

function instancesOf({ owner, role }: Controller, inside: Container, scopes: RequestScopes): Instances {
  return role.scope === "request"
    ? { scope: "request", of: (request) => scopes.resolve(owner, request) }
    : {
        scope: "singleton",
        instance: construct(owner, () => inside.resolve(owner as InjectionToken) as object),
      };
}

/**
 * Collects all instances that are resolved from now on, dependencies before their dependents. The container belongs to
 * this application alone.
 */
function collectInstances(inside: Container, tokens: Iterable<InjectionToken>): Iterable<object> {
  const instances = new Set<object>();
  const collect = (resolved: unknown): void => {
    for (const one of Array.isArray(resolved) ? (resolved as unknown[]) : [resolved]) {
      if (typeof one === "object" && one !== null) instances.add(one);
    }
  };
  for (const token of tokens) inside.afterResolution(token, (_token, resolved) => collect(resolved));
  return instances;
}

function construct<T>(token: InjectionToken, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof TricornError) throw cause;
    const fact =
      cause instanceof Error ? cause.message : "its constructor threw a value that is not an Error";
    throw new ConfigurationError(
      "ERR_DEPENDENCY_FAILED",
      `Cannot construct ${tokenName(token)}: ${fact}`,
      cause,
    );
  }
}
