import type { Params } from "../protocol/params.js";
import { redact } from "./redact.js";
import { isSecretMember, isSecretName } from "./secret-names.js";
import { secretFields } from "./secrets.js";

/** A member of a query, a form or a cookie: its name, and its value. */
const MEMBER = /([^?&;=\s]+)=([^&;#\s]*)/g;

const MASK = "[redacted]";

/** The params of a request without secrets. */
export interface MaskedParams {
  /** All of them in the order of arrival. */
  readonly pairs: readonly (readonly [name: string, value: string])[];
  /** Masks the secrets of the request in a text. */
  readonly clean: (text: string) => string;
}

/**
 * Masks the values of params that are secret by their name, and wherever else they occur. Beside the declared names it takes those
 * for secret that look so, such as `token`: what is shown here is what a screen or a picture of it shows.
 *
 * @param declared names of params, header fields and query parameters that hold secrets, in addition to those that always do
 */
export function maskParams(params: Params, declared: readonly string[]): MaskedParams {
  const all = [...params];
  const suspicious = [
    ...all.filter(([name, value]) => value !== "" && isSecretName(name)).map(([name]) => name),
    ...queryNames(params).filter(isSecretMember),
  ];
  const names = [...new Set([...declared, ...suspicious])];
  const secret = new Set(secretFields(names));
  const clean = (text: string): string => redact(text, params, names);
  return {
    clean,
    pairs: all.map(([name, value]) => [name, secret.has(name) ? MASK : maskMembers(clean(value))]),
  };
}

/** The names of the members of the query. */
function queryNames(params: Params): readonly string[] {
  const names: string[] = [];
  for (const [, name] of (params.get("QUERY_STRING") ?? "").matchAll(MEMBER)) names.push(decoded(name!));
  return names;
}

/** Masks the values of secret members, as in the query of HTTP_REFERER. */
function maskMembers(text: string): string {
  return text.replaceAll(MEMBER, (member, name: string) =>
    isSecretMember(decoded(name)) ? `${name}=${MASK}` : member,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
