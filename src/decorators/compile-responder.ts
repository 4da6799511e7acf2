import { types } from "node:util";

import { ConfigurationError } from "../errors.js";
import type { Middleware } from "../roles/middleware.js";
import type { RouteDefinition } from "../roles/definitions.js";
import { placed } from "../diagnostics/caller.js";
import { compileCall } from "./call.js";
import { checkBindings } from "./check-members.js";
import { capturedNames } from "./check-routes.js";
import { className, memberName, type Class } from "./class.js";
import type { Controller } from "./controller.js";
import { bindCall, type Plan } from "./instances.js";
import type { Binding, MemberMarks, RouteMark } from "./marks.js";

/**
 * Compiles a `@Responder`.
 *
 * @throws ConfigurationError for what would fail, or never be called, when a request comes
 */
export function compileResponder({ owner, role, members, middleware }: Controller): Plan {
  const name = className(owner);
  const prefix = role.prefix.endsWith("/") ? role.prefix.slice(0, -1) : role.prefix;
  if (prefix !== "" && !prefix.startsWith("/")) {
    throw new ConfigurationError(
      "ERR_ROUTE_PATH",
      `Cannot compile ${name}: its prefix ${JSON.stringify(role.prefix)} does not start with "/"`,
    );
  }
  const planned = [...members].flatMap(([key, marks]) => {
    const facts: MethodFacts = {
      prefix,
      name: memberName(owner, key),
      middleware: [...middleware, ...marks.middleware],
      isGenerator: isGenerator(owner, key),
    };
    const routes = marks.routes.map((mark) => placed(mark.caller, () => toRoute(mark, facts)));
    placed(marks.routes[0]?.caller, () => {
      checkHandler(memberName(owner, key), marks, routes);
      checkBindings({ owner, key, kind: "responder", bindings: marks.bindings });
    });
    const call = compileCall({ key, bindings: marks.bindings, requestFirst: false });
    return routes.map((route) => ({ route, call }));
  });
  if (planned.length === 0) {
    throw new ConfigurationError(
      "ERR_ROLE_EMPTY",
      `Cannot compile ${name}: it has no route; decorate a method with @Get, @Post, @Put, @Patch, @Delete or @Route`,
    );
  }
  return {
    routes: planned.map(({ route }) => route),
    define: (instances) => ({
      kind: "responder",
      name,
      routes: planned.map(({ route, call }) => withHandle(route, bindCall(call, instances))),
    }),
  };
}

type RouteFacts = Omit<RouteDefinition, "handle">;

function withHandle(route: RouteFacts, handle: RouteDefinition["handle"]): RouteDefinition {
  return { ...route, handle };
}

interface MethodFacts {
  readonly prefix: string;
  readonly name: string;
  readonly middleware: readonly Middleware[];
  readonly isGenerator: boolean;
}

function isGenerator({ prototype }: Class, key: string | symbol): boolean {
  return types.isGeneratorFunction((prototype as Readonly<Record<string | symbol, unknown>>)[key]);
}

function toRoute(
  { method, path, type, status, streams }: RouteMark,
  { prefix, name, middleware, isGenerator }: MethodFacts,
): RouteFacts {
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new ConfigurationError(
      "ERR_ROUTE_REPLY",
      `Cannot route ${method} ${path} to ${name}: its status is ${status}, it must be an integer from 200 to 599`,
    );
  }
  checkType(type, `Cannot route ${method} ${path} to ${name}`);
  // "/" of a controller is its prefix itself. A path that does not start with "/" is left to be reported.
  const whole = path === "/" && prefix !== "" ? prefix : path.startsWith("/") ? prefix + path : path;
  return { method, path: whole, name, type, status, streams: streams ?? isGenerator, middleware };
}

/** Throws a ConfigurationError where a media type would break the header block. */
export function checkType(type: string | undefined, cannot: string): void {
  if (type === undefined || /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+[\x20-\x7e]*$/.test(type)) return;
  throw new ConfigurationError("ERR_ROUTE_REPLY", `${cannot}: ${JSON.stringify(type)} is no media type`);
}

function checkHandler(name: string, marks: MemberMarks, routes: readonly RouteFacts[]): void {
  if (routes.length === 0) {
    const [decorator = "@Use"] = marks.bindings.map((binding) => binding.decorator);
    throw new ConfigurationError(
      "ERR_ROUTE_MISSING",
      `Cannot compile ${name}: it has ${decorator} and no route, so it is never called; add @Get or another route`,
    );
  }
  for (const route of routes) checkPathNames(route, marks.bindings);
}

function checkPathNames(route: RouteFacts, bindings: readonly Binding[]): void {
  const captured = capturedNames(route);
  for (const { decorator, source } of bindings) {
    if (source.from !== "named" || source.part !== "path") continue;
    const always = captured.get(source.name);
    if (always === true || (always === false && source.schema !== undefined)) continue;
    const names = [...captured.keys()].map((name) => JSON.stringify(name)).join(", ");
    const fact =
      always === false
        ? "captures it only sometimes; give the decorator a schema that takes undefined, or make the segment needed"
        : `captures ${names === "" ? "nothing" : `only ${names}`}; use the name that the path has`;
    throw new ConfigurationError(
      "ERR_BINDING_PATH",
      `Cannot bind ${decorator} of ${route.name}: its route ${route.method} ${route.path} ${fact}`,
    );
  }
}
