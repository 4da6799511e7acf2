import type { Params } from "../../protocol/params.js";
import { locate } from "../../paths/location.js";
import { formOf } from "../../paths/path-variables.js";

/** The params that authorizers do not get (section 6.3): they describe the resource, and an authorizer does not produce it. */
export const NOT_FOR_AUTHORIZERS: ReadonlySet<string> = new Set([
  "CONTENT_LENGTH",
  "PATH_INFO",
  "PATH_TRANSLATED",
  "SCRIPT_NAME",
]);

/** The params of a request as its authorizers see them. They always have a REQUEST_URI. */
export function guardParams(params: Params): Params {
  const { target } = locate(params, { mount: "", pathInfo: undefined });
  if (params.get("REQUEST_URI")) return params.with([], { without: NOT_FOR_AUTHORIZERS });
  // This one is raw, whatever the server makes of its own.
  const isOther = formOf(params, "REQUEST_URI") !== "raw";
  const without = isOther ? new Set([...NOT_FOR_AUTHORIZERS, "SERVER_SOFTWARE"]) : NOT_FOR_AUTHORIZERS;
  return params.with([["REQUEST_URI", target]], { without });
}

/**
 * Params with the variables that authorizers have handed on, in upper case as all variables are. They replace what came
 * under their names.
 */
export function withVariables(params: Params, variables: ReadonlyMap<string, string>): Params {
  if (variables.size === 0) return params;
  const handedOn = new Map(Array.from(variables, ([name, value]) => [name.toUpperCase(), value]));
  return params.with(handedOn, { without: new Set(handedOn.keys()) });
}

/** Params without variables of these names, whoever has set them. */
export function withoutVariables(params: Params, names: ReadonlySet<string>): Params {
  const upper = new Set(Array.from(names, (name) => name.toUpperCase()));
  const isThere = Array.from(upper).some((name) => params.has(name));
  return isThere ? params.with([], { without: upper }) : params;
}
