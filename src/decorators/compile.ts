import { ConfigurationError, TricornError } from "../errors.js";
import type { Definition } from "../roles/definitions.js";
import { placed } from "../diagnostics/caller.js";
import { checkRoutes } from "./check-routes.js";
import type { Class } from "./class.js";
import { compileAuthorizer, compileFilter } from "./compile-gate.js";
import { compileResponder } from "./compile-responder.js";
import {
  applicationContainer,
  container,
  ownSingleton,
  refuseOutsideRequests,
  tokenName,
  type Container,
  type InjectionToken,
} from "./container.js";
import { readControllers, type Controller } from "./controller.js";
import { DependencyGraph } from "./dependency-graph.js";
import type { Instances, Plan } from "./instances.js";
import { LifecycleHooks } from "./lifecycle.js";
import { requestTokens } from "./request-classes.js";
import { RequestScopes } from "./request-scopes.js";

/** What controllers are compiled with. */
export interface CompileOptions {
  /** What plays further roles, or the same ones without decorators. */
  readonly definitions?: readonly Definition[] | undefined;
  /** What dependencies are resolved from; tsyringe's global container if left out. */
  readonly container?: Container | undefined;
}

/** Controllers as plain data, and the lifecycle of what was injected into them. */
export interface Compiled {
  readonly definitions: readonly Definition[];
  readonly hooks: LifecycleHooks;
}

/**
 * Checks controllers and compiles them to definitions. Nothing is constructed before all checks have passed; then every
 * singleton that a request could need is.
 *
 * @throws ConfigurationError that names class, member, fact and cure
 */
export function compileControllers(classes: readonly Class[], options: CompileOptions = {}): Compiled {
  const { definitions = [] } = options;
  const planned = planAll(classes, definitions);
  const inside = applicationContainer(options.container ?? container);
  for (const token of requestTokens) refuseOutsideRequests(inside, token);
  const graph = new DependencyGraph(
    inside,
    planned.map(({ controller: { owner, role } }) => ({ owner, ...role })),
  );
  const found = watch(inside, graph.tokens);
  for (const token of graph.singletons) {
    if (options.container !== undefined) ownSingleton(options.container, token);
    construct(inside, token);
  }
  const scopes = new RequestScopes(inside);
  const compiled = planned.map(({ controller, plan }) =>
    plan.define(instancesOf(controller, inside, scopes)),
  );
  return { definitions: [...compiled, ...definitions], hooks: new LifecycleHooks(found) };
}

/**
 * Checks controllers as {@link compileControllers} does and tells what they would answer. Nothing is constructed, and
 * what is told cannot be called.
 */
export function outlineControllers(
  classes: readonly Class[],
  definitions: readonly Definition[],
): readonly Definition[] {
  const outlined = planAll(classes, definitions).map(({ plan }) =>
    plan.define({ scope: "request", of: notConstructed }),
  );
  return [...outlined, ...definitions];
}

function notConstructed(): never {
  throw new TypeError("Cannot answer: the controllers were only described");
}

interface PlannedController {
  readonly controller: Controller;
  readonly plan: Plan;
}

function planAll(classes: readonly Class[], definitions: readonly Definition[]): PlannedController[] {
  const planned = readControllers(classes).map((controller) => ({
    controller,
    plan: placed(controller.role.caller, () => planOf(controller)),
  }));
  checkRoutes([
    ...planned.flatMap(({ plan }) => plan.routes),
    ...definitions.flatMap((definition) => (definition.kind === "responder" ? definition.routes : [])),
  ]);
  return planned;
}

function planOf(controller: Controller): Plan {
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
    : { scope: "singleton", instance: construct(inside, owner) as object };
}

/**
 * Collects whatever is resolved from now on, dependencies before those who need them. The container is the application's
 * own, so this watches nobody else.
 */
function watch(inside: Container, tokens: Iterable<InjectionToken>): Iterable<object> {
  const found = new Set<object>();
  const collect = (resolved: unknown): void => {
    for (const one of Array.isArray(resolved) ? (resolved as unknown[]) : [resolved]) {
      if (typeof one === "object" && one !== null) found.add(one);
    }
  };
  for (const token of tokens) inside.afterResolution(token, (_token, resolved) => collect(resolved));
  return found;
}

function construct(inside: Container, token: InjectionToken): unknown {
  try {
    return inside.resolve(token);
  } catch (cause) {
    if (cause instanceof TricornError) throw cause;
    const fact = cause instanceof Error ? cause.message : "its constructor threw something that is no Error";
    throw new ConfigurationError(
      "ERR_DEPENDENCY_FAILED",
      `Cannot construct ${tokenName(token)}: ${fact}`,
      cause,
    );
  }
}
