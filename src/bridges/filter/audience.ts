import { identityParams } from "../../http/credentials.js";
import type { Params } from "../../protocol/params.js";
import { sendfileHeaders } from "../../http/header-fields.js";
import type { Reply } from "../../roles/reply.js";

/**
 * Who a reply may be made for.
 *
 * - `anyone`: the request does not identify its sender.
 * - `someone`: it does, so the reply may be personal.
 * - `admitted`: an authorizer had to allow it.
 */
export type Audience = "anyone" | "someone" | "admitted";

/** The audience of a request that no authorizer decides about. */
export function audienceOf(params: Params, vouchesFor: readonly string[]): Audience {
  const names = [...identityParams, ...vouchesFor];
  // Every value of a name: an empty field does not hide a later one.
  return names.some((name) => params.getAll(name).some((value) => value !== "")) ? "someone" : "anyone";
}

/** Whether all of these names identify the sender: a request from `anyone` has a value for none of them. */
export function identifyOnlySender(names: readonly string[], vouchesFor: readonly string[]): boolean {
  return names.every((name) => identityParams.includes(name) || vouchesFor.includes(name));
}

/** Whether a reply is marked public (RFC 9111, section 5.2.2.9). */
export function isPublic({ headers }: Reply): boolean {
  return directives(headers.get("cache-control")).includes("public");
}

/**
 * Whether a reply is the same for all clients, so that it can be cached and have validators that follow from its file. A
 * reply that is marked otherwise is not; for an identified sender it must be marked public.
 */
export function isSameForAll(reply: Reply, audience: Audience): boolean {
  const { status, applicationStatus, body, headers } = reply;
  if (audience === "admitted" || (audience === "someone" && !isPublic(reply))) return false;
  if (status !== 200 || applicationStatus !== 0 || body === undefined || body === null) return false;
  if (["set-cookie", "vary", ...sendfileHeaders].some((name) => headers.has(name))) return false;
  return !directives(headers.get("cache-control")).some((name) => name === "no-store" || name === "private");
}

/** The names of the directives of a Cache-Control field. */
function directives(field = ""): readonly string[] {
  return field.split(",").map((directive) => directive.split("=", 1)[0]!.trim().toLowerCase());
}
