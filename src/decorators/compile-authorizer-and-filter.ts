import { ConfigurationError } from "../errors.js";
import type { Verdict } from "../roles/verdict.js";
import { bindCall, compileCall, type MethodCall } from "./call.js";
import { checkBindings } from "./check-bindings.js";
import { className, classText, memberName } from "./class.js";
import { checkMediaType } from "./compile-responder.js";
import type { CheckedController, Controller } from "./controller.js";
import type { MethodMetadata } from "./metadata.js";

/** Compiles an `@Authorizer`. */
export function compileAuthorizer(controller: Controller): CheckedController {
  const { owner, role, middleware } = controller;
  const { call, method } = compileMethod(controller, "authorize");
  if (middleware.length > 0 || (method?.middleware.length ?? 0) > 0) {
    throw new ConfigurationError(
      "ERR_MIDDLEWARE",
      `Cannot compile ${className(owner)}: an authorizer takes no middleware, which could change its decision; ` +
        "remove @Use",
    );
  }
  const { paths, variables } = role;
  return {
    routes: [],
    define: (instances) => ({
      kind: "authorizer",
      name: className(owner),
      paths,
      variables,
      authorize: bindCall(call, instances) as (request: unknown) => Verdict | Promise<Verdict>,
    }),
  };
}

/** Compiles a `@Filter`. */
export function compileFilter(controller: Controller): CheckedController {
  const { owner, role, middleware } = controller;
  const { call, method } = compileMethod(controller, "filter");
  const { paths, type, version = "" } = role;
  checkMediaType(type, `Cannot compile ${className(owner)}`);
  if (paths.length === 0) {
    throw new ConfigurationError(
      "ERR_GLOB",
      `Cannot compile ${className(owner)}: @Filter has no glob, so it would transform no file`,
    );
  }
  return {
    routes: [],
    define: (instances) => ({
      kind: "filter",
      name: className(owner),
      paths,
      type,
      version: `${version}\0${classText(owner)}`,
      filter: bindCall(call, instances),
      middleware: [...middleware, ...(method?.middleware ?? [])],
    }),
  };
}

interface CompiledMethod {
  readonly call: MethodCall;
  readonly method: MethodMetadata | undefined;
}

/** Compiles the one method of an authorizer or a filter. */
function compileMethod({ owner, role, members }: Controller, key: "authorize" | "filter"): CompiledMethod {
  const { kind, decorator, paths } = role;
  const name = className(owner);
  for (const glob of paths) {
    if (typeof glob !== "string" || glob === "") {
      throw new ConfigurationError(
        "ERR_GLOB",
        `Cannot compile ${name}: ${JSON.stringify(glob)} is not a glob`,
      );
    }
  }
  if (typeof (owner.prototype as Partial<Record<string, unknown>>)[key] !== "function") {
    throw new ConfigurationError(
      "ERR_ROLE_MEMBER",
      `Cannot compile ${name}: ${decorator} needs a method ${key}, which the class does not have; check its spelling`,
    );
  }
  for (const [member, { routes, bindings }] of members) {
    const [wrong] = [...routes, ...(member === key ? [] : bindings)];
    if (wrong === undefined) continue;
    throw new ConfigurationError(
      "ERR_ROUTE_ROLE",
      `Cannot compile ${memberName(owner, member)}: it has ${wrong.decorator}, but ${decorator} only calls ${key}; ` +
        "move it to a class with @Responder",
    );
  }
  const method = members.get(key);
  const bindings = method?.bindings ?? [];
  checkBindings({ owner, key, kind, bindings });
  return { method, call: compileCall({ key, bindings, requestFirst: true }) };
}
