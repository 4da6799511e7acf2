import type { Params } from "../../protocol/params.js";
import { locate } from "../../paths/location.js";
import { formOf } from "../../paths/path-variables.js";

/** The params that authorizers do not get (section 6.3): they describe the resource, and an authorizer does not produce it. */
const NOT_FOR_AUTHORIZERS: ReadonlySet<string> = new Set([
  "CONTENT_LENGTH",
  "PATH_INFO",
  "PATH_TRANSLATED",
  "SCRIPT_NAME",
]);

/** The param that makes a responder request a question to the authorizers; the configuration of the Web server sets it. */
const MARKER = "TRICORN_BRIDGE";

/**
 * The form of a question and of its answer. `auth_request`: nginx, to which 200 allows, 401 and 403 deny, and everything
 * else is a server error; it leaves REQUEST_URI and REQUEST_METHOD of the original request in place. `forward_auth`: Caddy
 * and others that pass a denial on as it is, and name the original target in other params.
 */
export type BridgeForm = "auth_request" | "forward_auth";

/** The marker of a request; undefined for almost all requests. */
export function bridgeMarker(params: Params): string | undefined {
  return params.get(MARKER);
}

/** Whether a marker has a known value. */
export function isBridgeForm(marker: string): marker is BridgeForm {
  return marker === "auth_request" || marker === "forward_auth";
}

/** The params with the target and the method that a question is about. */
export interface TargetNames {
  readonly uri: string;
  readonly method: string;
}

/** The names for nginx: the variables of any request. */
export const requestNames: TargetNames = { uri: "REQUEST_URI", method: "REQUEST_METHOD" };

/** Origin-form or absolute-form (RFC 9112, section 3.2); a blank would mean that two fields were joined. */
const TARGET_FORM = /^(?:[A-Za-z][A-Za-z0-9+.-]*:\/)?\/[^\x00-\x20\x7f]*$/;
/** A token (RFC 9110, section 9.1). */
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The params that a question loses. SCRIPT_FILENAME and DOCUMENT_URI describe how the question itself was addressed; the
 * others are replaced, or are meant for the bridge only.
 */
const NOT_IN_QUESTIONS: readonly string[] = [
  ...NOT_FOR_AUTHORIZERS,
  "SCRIPT_FILENAME",
  "DOCUMENT_URI",
  "REQUEST_URI",
  "REQUEST_METHOD",
  "QUERY_STRING",
  MARKER,
];

/**
 * The params of a question as the authorizer role has them: they describe the original request, not the request that asks.
 *
 * @returns undefined if the target or the method is missing, malformed or ambiguous
 */
export function questionParams(params: Params, { uri, method }: TargetNames): Params | undefined {
  const target = only(params, uri);
  const verb = only(params, method);
  if (target === undefined || verb === undefined) return undefined;
  if (!TARGET_FORM.test(target.toString("latin1")) || !METHOD.test(verb.toString("latin1"))) return undefined;
  const mark = target.indexOf("?");
  // This value is as the client sent it, even if the server decodes its own REQUEST_URI.
  const isOther = uri !== "REQUEST_URI" && formOf(params, "REQUEST_URI") !== "raw";
  return params.with(
    [
      ["REQUEST_METHOD", verb],
      ["REQUEST_URI", target],
      ["QUERY_STRING", mark < 0 ? "" : target.subarray(mark + 1)],
    ],
    {
      without: new Set([
        ...NOT_IN_QUESTIONS,
        ...(isOther ? ["SERVER_SOFTWARE"] : []),
        ...[uri, method].filter((name) => !name.startsWith("HTTP_")),
      ]),
    },
  );
}

/** The bytes of a param; undefined for a repeated header field, because a client can add one. */
function only(params: Params, name: string): Buffer | undefined {
  if (name.startsWith("HTTP_") && params.getAll(name).length > 1) return undefined;
  return params.getBytes(name);
}

/** The params of a request as its authorizers see them. REQUEST_URI is always among them. */
export function guardParams(params: Params): Params {
  const { target } = locate(params, { mount: "", pathInfo: undefined });
  if (params.get("REQUEST_URI")) return params.with([], { without: NOT_FOR_AUTHORIZERS });
  // This value is raw, even if the server decodes its own.
  const isOther = formOf(params, "REQUEST_URI") !== "raw";
  const without = isOther ? new Set([...NOT_FOR_AUTHORIZERS, "SERVER_SOFTWARE"]) : NOT_FOR_AUTHORIZERS;
  return params.with([["REQUEST_URI", target]], { without });
}

/** Params with the variables of authorizers, in upper case as all variables are. They replace params of the same names. */
export function withVariables(params: Params, variables: ReadonlyMap<string, string>): Params {
  if (variables.size === 0) return params;
  const upper = new Map(Array.from(variables, ([name, value]) => [name.toUpperCase(), value]));
  return params.with(upper, { without: new Set(upper.keys()) });
}

/** Params without the variables of these names. */
export function withoutVariables(params: Params, names: ReadonlySet<string>): Params {
  const upper = new Set(Array.from(names, (name) => name.toUpperCase()));
  const isSet = Array.from(upper).some((name) => params.has(name));
  return isSet ? params.with([], { without: upper }) : params;
}
