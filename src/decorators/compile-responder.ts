import { types } from "node:util";

import { ConfigurationError } from "../errors.js";
import type { Middleware } from "../roles/middleware.js";
import type { RouteDefinition } from "../roles/definitions.js";
import { placed } from "../diagnostics/caller.js";
import { bindCall, compileCall } from "./call.js";
import { checkBindings } from "./check-bindings.js";
import { capturedNames } from "./check-routes.js";
import { className, memberName, type Class } from "./class.js";
import type { CheckedController, Controller } from "./controller.js";
import type { Binding, MethodMetadata, RouteMetadata } from "./metadata.js";

/**
 * Compiles a `@Responder`.
 *
 * @throws ConfigurationError for a handler that could never be called, or would fail on every request
 */
export function compileResponder({ owner, role, members, middleware }: Controller): CheckedController {
  const name = className(owner);
  const prefix = role.prefix.endsWith("/") ? role.prefix.slice(0, -1) : role.prefix;
  if (prefix !== "" && !prefix.startsWith("/")) {
    throw new ConfigurationError(
      "ERR_ROUTE_PATH",
      `Cannot compile ${name}: its prefix ${JSON.stringify(role.prefix)} does not start with "/"`,
    );
  }
  const bound = [...members].flatMap(([key, method]) => {
    const handler: HandlerMethod = {
      prefix,
      name: memberName(owner, key),
      middleware: [...middleware, ...method.middleware],
      isGenerator: isGenerator(owner, key),
    };
    const routes = method.routes.map((route) => placed(route.caller, () => createRoute(route, handler)));
    placed(method.routes[0]?.caller, () => {
      checkHandler(handler.name, method, routes);
      checkBindings({ owner, key, kind: "responder", bindings: method.bindings });
    });
    const call = compileCall({ key, bindings: method.bindings, requestFirst: false });
    return routes.map((route) => ({ route, call }));
  });
  if (bound.length === 0) {
    throw new ConfigurationError(
      "ERR_ROLE_EMPTY",
      `Cannot compile ${name}: it has no route; decorate a method with @Get, @Post, @Put, @Patch, @Delete or @Route`,
    );
  }
  return {
    routes: bound.map(({ route }) => route),
    define: (instances) => ({
      kind: "responder",
      name,
      routes: bound.map(({ route, call }) => withHandle(route, bindCall(call, instances))),
    }),
  };
}

type UnboundRoute = Omit<RouteDefinition, "handle">;

function withHandle(route: UnboundRoute, handle: RouteDefinition["handle"]): RouteDefinition {
  return { ...route, handle };
}

interface HandlerMethod {
  readonly prefix: string;
  readonly name: string;
  readonly middleware: readonly Middleware[];
  readonly isGenerator: boolean;
}

function isGenerator({ prototype }: Class, key: string | symbol): boolean {
  return types.isGeneratorFunction((prototype as Readonly<Record<string | symbol, unknown>>)[key]);
}

function createRoute(
  { method, path, type, status, streams }: RouteMetadata,
  { prefix, name, middleware, isGenerator }: HandlerMethod,
): UnboundRoute {
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new ConfigurationError(
      "ERR_ROUTE_REPLY",
      `Cannot route ${method} ${path} to ${name}: its status is ${status}, expected an integer from 200 to 599`,
    );
  }
  checkMediaType(type, `Cannot route ${method} ${path} to ${name}`);
  // The route "/" is the prefix itself. A path that does not start with "/" is kept and reported by checkPathNames.
  const whole = path === "/" && prefix !== "" ? prefix : path.startsWith("/") ? prefix + path : path;
  return { method, path: whole, name, type, status, streams: streams ?? isGenerator, middleware };
}

/**
 * Rejects a media type that would break the header block.
 *
 * @throws ConfigurationError `ERR_ROUTE_REPLY`
 */
export function checkMediaType(type: string | undefined, cannot: string): void {
  if (type === undefined || /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+[\x20-\x7e]*$/.test(type)) return;
  throw new ConfigurationError("ERR_ROUTE_REPLY", `${cannot}: ${JSON.stringify(type)} is not a media type`);
}

function checkHandler(name: string, { bindings }: MethodMetadata, routes: readonly UnboundRoute[]): void {
  if (routes.length === 0) {
    const [decorator = "@Use"] = bindings.map((binding) => binding.decorator);
    throw new ConfigurationError(
      "ERR_ROUTE_MISSING",
      `Cannot compile ${name}: it has ${decorator} but no route, so it is never called; add @Get or another route`,
    );
  }
  for (const route of routes) checkPathNames(route, bindings);
}

function checkPathNames(route: UnboundRoute, bindings: readonly Binding[]): void {
  const captured = capturedNames(route);
  for (const { decorator, source } of bindings) {
    if (source.from !== "named" || source.part !== "path") continue;
    const always = captured.get(source.name);
    if (always === true || (always === false && source.schema !== undefined)) continue;
    const names = [...captured.keys()].map((name) => JSON.stringify(name)).join(", ");
    const fact =
      always === false
        ? "captures it only sometimes; add a schema that accepts undefined, or make the segment required"
        : `captures ${names === "" ? "nothing" : `only ${names}`}; use a name from the path`;
    throw new ConfigurationError(
      "ERR_BINDING_PATH",
      `Cannot bind ${decorator} of ${route.name}: its route ${route.method} ${route.path} ${fact}`,
    );
  }
}
