import { ConfigurationError } from "../errors.js";
import { memberName, type Class, type RoleKind } from "./class.js";
import { readsBody } from "./extract.js";
import { type Binding, type BindingSource, parameterCount } from "./metadata.js";
import { isSchema } from "./schema.js";

/** A method whose bindings are checked. */
export interface CheckedMethod {
  readonly owner: Class;
  readonly key: string | symbol;
  readonly kind: RoleKind;
  readonly bindings: readonly Binding[];
}

/**
 * Checks that each parameter of a method is bound exactly once, to a value that its role has. The first parameter of an
 * authorizer's or filter's method is the request.
 *
 * @throws ConfigurationError `ERR_BINDING_SCHEMA`, `ERR_BINDING_TWICE`, `ERR_BINDING_BODY`, `ERR_BINDING_ROLE`, `ERR_BINDING_MISSING`
 */
export function checkBindings({ owner, key, kind, bindings }: CheckedMethod): void {
  const first = kind === "responder" ? 0 : 1;
  const fail = (code: string, fact: string): never => {
    throw new ConfigurationError(code, `Cannot call ${memberName(owner, key)}: ${fact}`);
  };
  const byIndex = new Map<number, Binding>();
  for (const binding of bindings) {
    const { decorator, index, source } = binding;
    const other = byIndex.get(index);
    if (other !== undefined) {
      const both = `${other.decorator} and ${decorator}`;
      fail("ERR_BINDING_TWICE", `parameter ${index} has both ${both}; keep one of them`);
    }
    if (index < first) {
      fail("ERR_BINDING_ROLE", `its first parameter is the request; move ${decorator} to a later parameter`);
    }
    if (!hasValidSchema(source)) {
      fail(
        "ERR_BINDING_SCHEMA",
        `the schema of ${decorator} for parameter ${index} is not a schema of zod 4; import { z } from "zod", version 4`,
      );
    }
    const reason = whyUnavailable(kind, source);
    if (reason !== undefined)
      fail("ERR_BINDING_ROLE", `${decorator} has no value for parameter ${index}: ${reason}`);
    byIndex.set(index, binding);
  }
  const bodies = bindings.filter(({ source }) => readsBody(source)).map(({ decorator }) => decorator);
  if (bodies.length > 1) {
    fail(
      "ERR_BINDING_BODY",
      `a body can be read once, and ${bodies.join(" and ")} both read it; keep one of them`,
    );
  }
  const method = (owner.prototype as Readonly<Record<string | symbol, (...args: unknown[]) => unknown>>)[
    key
  ]!;
  const parameters = Math.max(
    method.length,
    parameterCount(owner, key) ?? 0,
    ...bindings.map(({ index }) => index + 1),
  );
  for (let index = first; index < parameters; index += 1) {
    if (byIndex.has(index)) continue;
    const cure =
      kind === "responder" ? "@Path, @Query, @Body, or @Req for the request itself" : "@Header, @Cookie";
    fail("ERR_BINDING_MISSING", `parameter ${index} has no binding decorator; add one, such as ${cure}`);
  }
}

/** What JavaScript, or a cast, may pass: an object, a schema of zod 3, nothing. */
function hasValidSchema(source: BindingSource): boolean {
  switch (source.from) {
    case "named":
      return source.schema === undefined || isSchema(source.schema);
    case "query":
    case "body":
      return isSchema(source.schema);
    default:
      return true;
  }
}

/** Why requests of a role have no value for a source; undefined if they have one. */
function whyUnavailable(kind: RoleKind, source: BindingSource): string | undefined {
  if (kind === "responder") return undefined;
  if (source.from === "named" && source.part === "path")
    return "only the route of a responder captures segments; use the path of the request";
  if (source.from === "request") return "the first parameter already is the request; remove this one";
  if (kind === "authorizer" && readsBody(source))
    return "an authorizer receives no body (section 6.3); remove this parameter";
  return undefined;
}
