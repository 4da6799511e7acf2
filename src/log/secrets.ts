import { secretParams } from "../http/credentials.js";
import type { Params } from "../protocol/params.js";

/** Names under which secrets are mostly kept in objects, and the field of an answer that hands them out. */
const usualNames = ["password", "secret", "token", "set-cookie"];

/** The names of fields whose values a logger takes out: those of secret params, of their header fields, and usual ones. */
export function secretFields(further: readonly string[]): readonly string[] {
  const names = [...secretParams.filter((name) => name !== "AUTH_TYPE"), ...further];
  const fields = names.filter((name) => name.startsWith("HTTP_")).map(fieldOf);
  return [...new Set([...names, ...fields, ...usualNames])];
}

/** In front of the host of a target in absolute-form (RFC 3986, section 3.2.1). */
const USER_INFO = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i;

function fieldOf(param: string): string {
  return param.slice("HTTP_".length).toLowerCase().replaceAll("_", "-");
}

/**
 * The secrets that a request brought, in every form in which a text may quote them, the longest first.
 *
 * @param further names of params, header fields and members of the query that the application declares as secret
 */
export function secretsOf(params: Params, further: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const name of secretParams) for (const value of params.getAll(name)) addParam(found, { name, value });
  const userInfo = USER_INFO.exec(params.get("REQUEST_URI") ?? "")?.[1];
  if (userInfo !== undefined) addUser(found, userInfo);
  for (const name of further) {
    for (const param of new Set([name, `HTTP_${name.toUpperCase().replaceAll("-", "_")}`]))
      for (const value of params.getAll(param)) addParam(found, { name: param, value });
    for (const value of inQuery(params, name)) addForms(found, value);
  }
  return [...found].sort((a, b) => b.length - a.length);
}

function addParam(
  found: Set<string>,
  { name, value }: { readonly name: string; readonly value: string },
): void {
  // Elsewhere than at Jetty it is the scheme, which is none.
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

/** `scheme credentials` (RFC 9110, section 11.4), those of Basic decoded and their password alone. */
function addCredentials(found: Set<string>, value: string): void {
  const blank = value.indexOf(" ");
  if (blank < 1) return;
  const credentials = value.slice(blank + 1).trim();
  addForms(found, credentials);
  if (value.slice(0, blank).toLowerCase() !== "basic") return;
  // Quoted without its padding.
  addForms(found, credentials.split("=", 1)[0]!);
  const bytes = Buffer.from(credentials, "base64");
  for (const decoded of new Set([bytes.toString("utf8"), bytes.toString("latin1")])) addUser(found, decoded);
}

/** `user:password`, and the password alone. */
function addUser(found: Set<string>, text: string): void {
  addForms(found, text);
  addForms(found, text.slice(text.indexOf(":") + 1));
}

/** The values of one member of the query, however it is told. */
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

/** Adds a secret as it came, as what reads it makes of it, and as what quotes or sends it does. */
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

/** How programs write a text down: in URLs and forms, in JSON, as `console.log` shows objects, in HTML, as bytes. */
const WRITERS: readonly ((text: string) => string)[] = [
  encodeURIComponent,
  (text) => encodeURIComponent(text).replaceAll("%20", "+"),
  encodeURI,
  (text) => new URLSearchParams([["", text]]).toString().slice(1),
  // As `URL` has it in its query.
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

/** What is the same in URLs, in JSON and as bytes. */
const PLAIN = /^[A-Za-z0-9_.-]*$/;

function percentDecoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
