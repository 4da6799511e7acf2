import { identityParams } from "../../http/credentials.js";
import type { Params } from "../../protocol/params.js";
import { sendfileHeaders } from "../../http/header-fields.js";
import type { Reply } from "../../roles/reply.js";

/**
 * Whom an answer may have been made for.
 *
 * - `anyone`: the request says nothing about who sends it.
 * - `someone`: it does, so that the answer may be that person's own.
 * - `admitted`: an authorizer had to allow it.
 */
export type Audience = "anyone" | "someone" | "admitted";

/** Tells whom the answer to a request that no authorizer decides about may be for. */
export function audienceOf(params: Params, vouchesFor: readonly string[]): Audience {
  const names = [...identityParams, ...vouchesFor];
  // All that came by a name: an empty field does not hide one behind it.
  return names.some((name) => params.getAll(name).some((value) => value !== "")) ? "someone" : "anyone";
}

/** Whether all of these names tell who sends a request: one from `anyone` has a value of none of them. */
export function tellOnlyOfSender(names: readonly string[], vouchesFor: readonly string[]): boolean {
  return names.every((name) => identityParams.includes(name) || vouchesFor.includes(name));
}

/** Whether the reply says itself that everybody may have it (RFC 9111, section 5.2.2.9). */
export function isPublic({ headers }: Reply): boolean {
  return directives(headers.get("cache-control")).includes("public");
}

/**
 * Whether a reply is the same for everybody, so that it can be kept and have validators that follow from its file. What
 * says that it is not is believed; what says nothing is not believed where the request tells who sent it.
 */
export function isForEverybody(reply: Reply, audience: Audience): boolean {
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
