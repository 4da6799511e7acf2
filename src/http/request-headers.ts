import { isUtf8 } from "node:buffer";

import type { Params } from "../protocol/params.js";
import { contentLengthOf } from "./content-length.js";
import { redirectedAuthorization } from "./credentials.js";

/** Finds the values of a field. */
type Reader = (params: Params) => readonly string[];

/**
 * The fields that are not read from HTTP_… alone. Two come without the prefix (RFC 3875, sections 4.1.2 and 4.1.3), and
 * empty where the client sent none; nginx, Caddy and lighttpd send HTTP_CONTENT_TYPE and HTTP_CONTENT_LENGTH beside them.
 */
const special: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["content-type", (params) => given(params.get("CONTENT_TYPE"))],
  ["content-length", (params) => given(contentLengthOf(params)?.toString())],
  // nginx and mod_cgid tell of it, but what they hand over is not in chunks any more.
  ["transfer-encoding", () => []],
  ["authorization", authorization],
]);

/**
 * The header fields of a request, read from the params when they are asked for (RFC 3875, section 4.1.18).
 *
 * A field that came more than once is joined by ", " (RFC 9110, section 5.2), a cookie by "; ". So two values of a field
 * that allows one, as lighttpd sends for `X-User` beside `X_User`, match neither. `Proxy` is never there.
 */
export class RequestHeaders implements Iterable<[name: string, value: string]> {
  readonly #params: Params;

  constructor(params: Params) {
    this.#params = params;
  }

  /** The value of a field, its name in any case; undefined where it did not come. */
  get(name: string): string | undefined {
    const lower = name.toLowerCase();
    return this.#join(lower, valuesOf(this.#params, lower));
  }

  /** Whether the field came. */
  has(name: string): boolean {
    return valuesOf(this.#params, name.toLowerCase()).length > 0;
  }

  /** Each field once, its name in lower case. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    // All params once: to look each name up among them would cost the square of their number.
    const found = new Map<string, string[]>();
    for (const [variable, value] of this.#params) {
      const name = nameOf(variable);
      if (name === undefined || !(special.has(name) || variable === variableOf(name))) continue;
      const earlier = found.get(name);
      if (earlier === undefined) found.set(name, [value]);
      else earlier.push(value);
    }
    for (const [name, values] of found) {
      const value = this.#join(name, special.get(name)?.(this.#params) ?? values);
      if (value !== undefined) yield [name, value];
    }
  }

  /** The fields as an object without a prototype, names in lower case. */
  toObject(): Record<string, string> {
    const fields = Object.create(null) as Record<string, string>;
    for (const [name, value] of this) fields[name] = value;
    return fields;
  }

  /** The value that these of a field are together; undefined for none. */
  #join(lower: string, values: readonly string[]): string | undefined {
    if (values.length === 0) return undefined;
    const value = values.length === 1 ? values[0]! : values.join(lower === "cookie" ? "; " : ", ");
    return BEYOND_ASCII.test(value) ? asSent(value, this.#params) : value;
  }
}

function valuesOf(params: Params, lower: string): readonly string[] {
  return special.get(lower)?.(params) ?? params.getAll(variableOf(lower));
}

/** The variable of a field (RFC 3875, section 4.1.18). */
function variableOf(lower: string): string {
  return `HTTP_${lower.toUpperCase().replaceAll("-", "_")}`;
}

function nameOf(variable: string): string | undefined {
  if (variable === "CONTENT_TYPE") return "content-type";
  if (variable === "CONTENT_LENGTH") return "content-length";
  if (variable === "AUTH_TYPE" || redirectedAuthorization.includes(variable)) return "authorization";
  return variable.startsWith("HTTP_") ? variable.slice(5).toLowerCase().replaceAll("_", "-") : undefined;
}

/**
 * Jetty hands the whole Authorization field over as AUTH_TYPE (RFC 3875, section 4.1.1, wants its scheme there). A scheme
 * has no blank, so nobody else's AUTH_TYPE is taken for it; and where it is, it is the client's word, as the field is.
 *
 * Behind Apache, which keeps the field back, the usual `RewriteRule … [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]` of an
 * .htaccess file that leads to a front controller makes it a REDIRECT_ variable. No field of a client becomes one.
 */
function authorization(params: Params): readonly string[] {
  const values = params.getAll("HTTP_AUTHORIZATION");
  if (values.length > 0) return values;
  if (params.beginsWith("SERVER_SOFTWARE", "Apache")) {
    for (const name of redirectedAuthorization) {
      const told = params.getAll(name).filter((value) => value !== "");
      if (told.length > 0) return told;
    }
  }
  const type = params.get("AUTH_TYPE");
  return type?.includes(" ") === true ? [type] : [];
}

function given(value: string | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : [value];
}

const BEYOND_ASCII = /[^\0-\x7f]/;

/**
 * A value beyond ASCII as the client sent it. Jetty takes its bytes for latin-1 and encodes each anew as UTF-8; undone,
 * they are read like all others: as UTF-8 where they are that, else as latin-1.
 */
function asSent(value: string, params: Params): string {
  if (!/^Jetty\b/.test(params.get("SERVER_SOFTWARE") ?? "") || /[^\0-\xff]/.test(value)) return value;
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : value;
}
