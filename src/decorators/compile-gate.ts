import { ConfigurationError } from "../errors.js";
import type { Verdict } from "../roles/verdict.js";
import { compileCall, type Call } from "./call.js";
import { checkBindings } from "./check-members.js";
import { className, classText, memberName } from "./class.js";
import { checkType } from "./compile-responder.js";
import type { Controller } from "./controller.js";
import { bindCall, type Plan } from "./instances.js";
import type { MemberMarks } from "./marks.js";

/** Compiles an `@Authorizer`. */
export function compileAuthorizer(controller: Controller): Plan {
  const { owner, role, middleware } = controller;
  const { call, marks } = compileMethod(controller, "authorize");
  if (middleware.length > 0 || (marks?.middleware.length ?? 0) > 0) {
    throw new ConfigurationError(
      "ERR_MIDDLEWARE",
      `Cannot compile ${className(owner)}: an authorizer takes no middleware, so that nothing can change what it ` +
        "decides; remove @Use",
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
export function compileFilter(controller: Controller): Plan {
  const { owner, role, middleware } = controller;
  const { call, marks } = compileMethod(controller, "filter");
  const { paths, type, version = "" } = role;
  checkType(type, `Cannot compile ${className(owner)}`);
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
      middleware: [...middleware, ...(marks?.middleware ?? [])],
    }),
  };
}

interface CompiledMethod {
  readonly call: Call;
  readonly marks: MemberMarks | undefined;
}

/** The one method of an authorizer or a filter. */
function compileMethod({ owner, role, members }: Controller, key: "authorize" | "filter"): CompiledMethod {
  const { kind, decorator, paths } = role;
  const name = className(owner);
  for (const glob of paths) {
    if (typeof glob !== "string" || glob === "") {
      throw new ConfigurationError("ERR_GLOB", `Cannot compile ${name}: ${JSON.stringify(glob)} is no glob`);
    }
  }
  if (typeof (owner.prototype as Partial<Record<string, unknown>>)[key] !== "function") {
    throw new ConfigurationError(
      "ERR_ROLE_MEMBER",
      `Cannot compile ${name}: ${decorator} needs a method ${key}, and there is none; see that it is spelt so`,
    );
  }
  for (const [member, { routes, bindings }] of members) {
    const [wrong] = [...routes, ...(member === key ? [] : bindings)];
    if (wrong === undefined) continue;
    throw new ConfigurationError(
      "ERR_ROUTE_ROLE",
      `Cannot compile ${memberName(owner, member)}: it has ${wrong.decorator}, and only ${key} of an ${decorator} ` +
        "is called; move it to a class with @Responder",
    );
  }
  const marks = members.get(key);
  const bindings = marks?.bindings ?? [];
  checkBindings({ owner, key, kind, bindings });
  return { marks, call: compileCall({ key, bindings, requestFirst: true }) };
}
