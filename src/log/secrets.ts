import { secretParams } from "../http/credentials.js";
import type { Params } from "../protocol/params.js";

/** Names that objects usually keep secrets under, and the reply's field that sets a cookie. */
const usualNames = ["password", "secret", "token", "set-cookie"];

/**
 * Returns the names of the fields whose values a logger redacts: of the {@link secretParams}, of their header fields, of
 * what the application declares, and the usual ones.
 *
 * @param declared names of params, header fields and query parameters
 */
export function secretFields(declared: readonly string[]): readonly string[] {
  // A logged AUTH_TYPE is a scheme, except from Jetty.
  const params = secretParams.filter((name) => name !== "AUTH_TYPE");
  const fields = params.filter((name) => name.startsWith("HTTP_")).map(fieldOf);
  const own = declared.flatMap((name) => [name, paramOf(name), fieldOf(paramOf(name))]);
  return [...new Set([...params, ...fields, ...own, ...usualNames])];
}

/** The param of a header field that may be named as either (RFC 3875, section 4.1.18). */
function paramOf(name: string): string {
  return name.startsWith("HTTP_") ? name : `HTTP_${name.toUpperCase().replaceAll("-", "_")}`;
}

function fieldOf(param: string): string {
  return param.slice("HTTP_".length).toLowerCase().replaceAll("_", "-");
}

/** The user information before the host of a target in absolute-form (RFC 3986, section 3.2.1). */
const USER_INFO = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i;

/**
 * Returns the secrets of a request in every form in which a text may quote them, the longest first.
 *
 * @param declared names of params, header fields and query parameters that the application declares as secret
 */
export function secretsOf(params: Params, declared: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const name of secretParams) for (const value of params.getAll(name)) addParam(found, { name, value });
  const userInfo = USER_INFO.exec(params.get("REQUEST_URI") ?? "")?.[1];
  if (userInfo !== undefined) addUser(found, userInfo);
  for (const name of declared) {
    for (const param of new Set([name, paramOf(name)]))
      for (const value of params.getAll(param)) addParam(found, { name: param, value });
    for (const value of inQuery(params, name)) addForms(found, value);
  }
  return [...found].sort((a, b) => b.length - a.length);
}

function addParam(
  found: Set<string>,
  { name, value }: { readonly name: string; readonly value: string },
): void {
  // Except from Jetty, it is only the scheme.
  if (name === "AUTH_TYPE" && !value.includes(" ")) return;
  addForms(found, value);
  if (name.endsWith("HTTP_COOKIE")) addPairs(found, value, ";");
  else if (name === "QUERY_STRING") addPairs(found, value, "&");
  else if (name === "REQUEST_URI") addPairs(found, value.slice(value.indexOf("?") + 1), "&");
  else addCredentials(found, value);
}

function addPairs(found: Set<string>, text: string, separator: string): void {
  for (const pair of text.split(separator)) addForms(found, pair.slice(pair.indexOf("=") + 1));
}

/** Adds the credentials of `scheme credentials` (RFC 9110, section 11.4), and for Basic the decoded pair and its password. */
function addCredentials(found: Set<string>, value: string): void {
  const space = value.indexOf(" ");
  if (space < 1) return;
  const credentials = value.slice(space + 1).trim();
  addForms(found, credentials);
  if (value.slice(0, space).toLowerCase() !== "basic") return;
  // A text may quote it without its padding.
  addForms(found, credentials.split("=", 1)[0]!);
  const bytes = Buffer.from(credentials, "base64");
  for (const decoded of new Set([bytes.toString("utf8"), bytes.toString("latin1")])) addUser(found, decoded);
}

/** Adds `user:password`, and the password alone. */
function addUser(found: Set<string>, text: string): void {
  addForms(found, text);
  addForms(found, text.slice(text.indexOf(":") + 1));
}

/** The values of a query parameter, of QUERY_STRING and of REQUEST_URI. */
function inQuery(params: Params, name: string): readonly string[] {
  const uri = params.get("REQUEST_URI") ?? "";
  const queries = [params.get("QUERY_STRING") ?? "", uri.slice(uri.indexOf("?") + 1)];
  return queries.flatMap((query) =>
    query
      .split("&")
      .map((pair) => ({ pair, mark: pair.indexOf("=") }))
      .filter(({ pair, mark }) => mark > 0 && percentDecoded(pair.slice(0, mark)) === name)
      .map(({ pair, mark }) => pair.slice(mark + 1)),
  );
}

/** Adds a secret as received, as programs decode it, and as they write it. */
function addForms(found: Set<string>, value: string): void {
  const sent = value.trim();
  const unquoted = /^".*"$/s.test(sent) ? sent.slice(1, -1) : sent;
  const read = [sent, unquoted, percentDecoded(unquoted), percentDecoded(unquoted.replaceAll("+", " "))];
  for (const text of new Set(read)) {
    if (text.trim() === "") continue;
    found.add(text);
    if (PLAIN.test(text)) continue;
    for (const write of WRITERS) found.add(write(text));
  }
}

/** How programs write a text: in URLs and forms, in JSON, as `console.log` shows objects, in HTML, as bytes. */
const WRITERS: readonly ((text: string) => string)[] = [
  encodeURIComponent,
  (text) => encodeURIComponent(text).replaceAll("%20", "+"),
  encodeURI,
  (text) => new URLSearchParams([["", text]]).toString().slice(1),
  // In the query of a `URL`.
  (text) => text.replaceAll(/[ "#'<>]|[^\0-\x7f]/gu, percentEncoded),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => text.replaceAll("\\", String.raw`\\`),
  (text) => text.replaceAll(/["&'<>]/g, (character) => ENTITIES[character]!),
  (text) => Buffer.from(text).toString("latin1"),
];

const ENTITIES: Readonly<Record<string, string>> = {
  '"': "&quot;",
  "&": "&amp;",
  "'": "&#39;",
  "<": "&lt;",
  ">": "&gt;",
};

function percentEncoded(character: string): string {
  return character === "'" ? "%27" : encodeURIComponent(character);
}

/** Text that all {@link WRITERS} leave unchanged. */
const PLAIN = /^[A-Za-z0-9_.-]*$/;

function percentDecoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
