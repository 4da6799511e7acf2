import { redirectedAuthorization } from "../http/credentials.js";
import { isSecretMember, isSecretName } from "../log/secret-names.js";
import { secretProperties } from "./json-properties.js";
import type { Span } from "./spans.js";

/** Variables whose value is a scheme and credentials (RFC 9110, section 11.4). Jetty has both in AUTH_TYPE, others only the scheme. */
const CREDENTIALS = new Set([
  "AUTH_TYPE",
  "HTTP_AUTHORIZATION",
  "HTTP_PROXY_AUTHORIZATION",
  ...redirectedAuthorization,
]);

/** Variables and fields with a URL, a path or a query. */
const WITH_QUERY = new Set([
  "CONTENT_LOCATION",
  "DOCUMENT_URI",
  "HTTP_REFERER",
  "LOCATION",
  "PATH_INFO",
  "QUERY_STRING",
  "REDIRECT_QUERY_STRING",
  "REQUEST_URI",
  "SCRIPT_NAME",
]);

/** Decides which names hold secrets. */
export class SecretNames {
  readonly #declared: ReadonlySet<string>;

  /** @param declared further names of variables, header fields, form fields and properties */
  constructor(declared: readonly string[]) {
    this.#declared = new Set(declared.map(bare));
  }

  has(name: string): boolean {
    return isSecretName(name) || this.#declared.has(bare(name));
  }

  #hasMember(name: string, value: string): boolean {
    return this.has(name) || (isSecretMember(name) && !isPlainCode(name, value));
  }

  #hasProperty(name: string, value: string): boolean {
    return this.has(name) || (isCode(name) && !isPlainCode(name, value));
  }

  /**
   * The secrets in the value of a variable or a header field. What is not secret in it stays visible: the scheme, the names of
   * cookies, the rest of a query.
   *
   * @param value with one character for each byte
   */
  inValue(name: string, value: string): readonly Span[] {
    const variable = plain(name);
    if (CREDENTIALS.has(variable) || variable === "AUTHORIZATION" || variable === "PROXY_AUTHORIZATION")
      return credentials(variable, value);
    if (variable === "HTTP_COOKIE" || variable === "COOKIE") return cookies(value);
    if (variable === "SET_COOKIE") return [afterName(value, 0, endOf(value, ";", 0))];
    if (variable.endsWith("REMOTE_PASSWD") || this.has(name)) return whole(value);
    return WITH_QUERY.has(variable) ? [...userInfo(value), ...this.inText(value)] : userInfo(value);
  }

  /**
   * The secrets in a text of any kind: fields of forms and queries, properties of JSON, parts of multipart bodies, inputs of HTML.
   *
   * @param text with one character for each byte
   */
  inText(text: string): readonly Span[] {
    const named = NAMED_VALUES.flatMap((pattern) =>
      Array.from(text.matchAll(pattern), ({ indices, groups }) => {
        const [start, end] = indices!.groups!["value"]!;
        return this.#hasMember(decoded(groups!["name"]!), groups!["value"]!) ? { start, end } : undefined;
      }).filter((span) => span !== undefined),
    );
    const properties = secretProperties(text, (name, value) => this.#hasProperty(name, value));
    const users = Array.from(text.matchAll(USER_INFO), ({ indices }) => {
      const [start, end] = indices!.groups!["value"]!;
      return { start, end };
    });
    return [...named, ...properties, ...users];
  }
}

/** Values with names. The lengths are bounded, so that the time is linear. */
const NAMED_VALUES: readonly RegExp[] = [
  // A field of a form or a query, also in a sentence.
  /(?<![^&?;\s"'])(?<name>[^&=?;\s"'<>]{1,128})=(?<value>[^&;\s"'<>]*)/dg,
  // A part of a multipart body (RFC 7578).
  /;\s?name="(?<name>[^"\r\n]{1,128})"[^\r\n]{0,256}\r\n(?:[^\r\n]{1,256}\r\n){0,4}\r\n(?<value>[^]*?)(?=\r\n--|$)/dg,
  // The same with a name that is not in quotes.
  /;\s?name=(?<name>[^";\s]{1,128})[^\r\n]{0,256}\r\n(?:[^\r\n]{1,256}\r\n){0,4}\r\n(?<value>[^]*?)(?=\r\n--|$)/dg,
  // An input of an HTML form.
  /\bname="(?<name>[^"<>]{1,128})"[^<>]{0,256}?\bvalue="(?<value>[^"<>]*)/dg,
];

/** The user information of a URL in a text. It stops at a slash, so that the time is linear. */
const USER_INFO = /:\/\/(?<value>[^/?#\s"'<>]+)@/dg;

/** `code` is what one gets by a message, or the name of an error, a status, a country. */
function isCode(name: string): boolean {
  return name.toLowerCase() === "code";
}

function isPlainCode(name: string, value: string): boolean {
  return isCode(name) && (value === "" || PLAIN_CODE.test(value));
}

/** At most three characters, or words as in ERR_FCGI_BODY_TOO_LARGE. */
const PLAIN_CODE = /^"?(?:[^"]{0,3}|[A-Z]+(?:_[A-Z\d]+)+)"?$/;

/** The name of a variable for a field or a variable. */
function plain(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}

/** The name of a field, also for its variable. */
function bare(name: string): string {
  return plain(name).replace(/^HTTP_/, "");
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function whole(value: string): readonly Span[] {
  return [{ start: 0, end: value.length }];
}

function credentials(variable: string, value: string): readonly Span[] {
  const space = value.indexOf(" ");
  if (space > 0) return [{ start: space + 1, end: value.length }];
  return variable === "AUTH_TYPE" ? [] : whole(value);
}

function cookies(value: string): readonly Span[] {
  const spans: Span[] = [];
  for (let start = 0; start < value.length;) {
    const end = endOf(value, ";", start);
    spans.push(afterName(value, start, end));
    start = end + 1;
  }
  return spans;
}

/** What follows the first "=" between two positions; all between them without one. */
function afterName(value: string, start: number, end: number): Span {
  const mark = value.indexOf("=", start);
  return { start: mark < 0 || mark >= end ? start : mark + 1, end };
}

function endOf(value: string, character: string, from: number): number {
  const at = value.indexOf(character, from);
  return at < 0 ? value.length : at;
}

/** The user information of a URL (RFC 3986, section 3.2.1). */
function userInfo(value: string): readonly Span[] {
  const match = /^[a-z][a-z0-9+.-]{0,32}:\/\/([^/?#]*)@/i.exec(value);
  if (match === null) return [];
  const end = match[0].length - 1;
  return [{ start: end - match[1]!.length, end }];
}
