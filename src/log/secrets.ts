import type { Params } from "../protocol/params.js";

/**
 * The params whose values are secrets of the client, whatever the application says. Whatever is shown or kept of a request
 * goes by this list: logs, errors, the log's own fields, the cache of filtered files, and what is inspected.
 */
export const secretParams: readonly string[] = [
  "HTTP_AUTHORIZATION",
  "HTTP_PROXY_AUTHORIZATION",
  "HTTP_COOKIE",
  "REMOTE_PASSWD",
  // Jetty hands the whole Authorization value over in here.
  "AUTH_TYPE",
  // Apache names them so behind an internal redirect: mod_rewrite in an .htaccess file.
  "REDIRECT_HTTP_AUTHORIZATION",
  "REDIRECT_REDIRECT_HTTP_AUTHORIZATION",
  "REDIRECT_REMOTE_PASSWD",
];

/** Names under which secrets are mostly kept in objects, and the field of an answer that hands them out. */
const usualNames = ["password", "secret", "token", "set-cookie"];

/** The names of fields whose values a logger takes out: those of secret params, of their header fields, and usual ones. */
export function secretFields(further: readonly string[]): readonly string[] {
  const names = [...secretParams.filter((name) => name !== "AUTH_TYPE"), ...further];
  const fields = names.filter((name) => name.startsWith("HTTP_")).map(fieldOf);
  return [...new Set([...names, ...fields, ...usualNames])];
}

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
  const bytes = Buffer.from(credentials, "base64");
  for (const decoded of new Set([bytes.toString("utf8"), bytes.toString("latin1")])) {
    addForms(found, decoded);
    addForms(found, decoded.slice(decoded.indexOf(":") + 1));
  }
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
    const encoded = encodeURIComponent(text);
    found.add(encoded).add(encoded.replaceAll("%20", "+"));
    found.add(JSON.stringify(text).slice(1, -1));
    found.add(Buffer.from(text).toString("latin1"));
  }
}

/** What is the same in URLs, in JSON and as bytes. */
const PLAIN = /^[A-Za-z0-9_.~-]*$/;

function percentDecoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
