import { isUtf8 } from "node:buffer";

import type { Params } from "../protocol/params.js";
import { contentLengthOf } from "./content-length.js";
import { redirectedAuthorization } from "./credentials.js";

/** Returns the values of a field. */
type Reader = (params: Params) => readonly string[];

/**
 * The fields that are not only read from HTTP_…. Two come without the prefix (RFC 3875, sections 4.1.2 and 4.1.3), empty if
 * the client sent none; nginx, Caddy and lighttpd also send HTTP_CONTENT_TYPE and HTTP_CONTENT_LENGTH.
 */
const special: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["content-type", (params) => given(params.get("CONTENT_TYPE"))],
  ["content-length", (params) => given(contentLengthOf(params)?.toString())],
  // nginx and mod_cgid pass it on, although the body that they send is not chunked.
  ["transfer-encoding", () => []],
  ["authorization", authorization],
]);

/**
 * The header fields of a request, read from the params on access (RFC 3875, section 4.1.18).
 *
 * The values of a repeated field are joined by ", " (RFC 9110, section 5.2), those of Cookie by "; ". So two values of a field
 * that allows one, as lighttpd sends for `X-User` and `X_User`, match neither. `Proxy` is always absent (CVE-2016-5385).
 */
export class RequestHeaders implements Iterable<[name: string, value: string]> {
  readonly #params: Params;

  constructor(params: Params) {
    this.#params = params;
  }

  /** Returns the value of a field, whose name is case-insensitive; undefined if it is absent. */
  get(name: string): string | undefined {
    const lower = name.toLowerCase();
    return this.#join(lower, valuesOf(this.#params, lower));
  }

  /** Whether the request has the field. */
  has(name: string): boolean {
    return valuesOf(this.#params, name.toLowerCase()).length > 0;
  }

  /** Yields each field once, its name in lower case. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    // One pass over all params, because a look-up per name would take quadratic time.
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

  /** Returns the fields as an object without a prototype, names in lower case. */
  toObject(): Record<string, string> {
    const fields = Object.create(null) as Record<string, string>;
    for (const [name, value] of this) fields[name] = value;
    return fields;
  }

  /** Joins the values of a field; undefined if there are none. */
  #join(lower: string, values: readonly string[]): string | undefined {
    if (values.length === 0) return undefined;
    const value = values.length === 1 ? values[0]! : values.join(lower === "cookie" ? "; " : ", ");
    return BEYOND_ASCII.test(value) ? asSent(value, this.#params) : value;
  }
}

function valuesOf(params: Params, lower: string): readonly string[] {
  return special.get(lower)?.(params) ?? params.getAll(variableOf(lower));
}

/** The param of a field (RFC 3875, section 4.1.18). */
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
 * Jetty sends the whole Authorization field as AUTH_TYPE, in place of its scheme (RFC 3875, section 4.1.1). A scheme has no
 * space, so the AUTH_TYPE of other servers is not mistaken for it; both come from the client.
 *
 * Apache withholds the field. The usual `RewriteRule … [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]` of an .htaccess file with
 * a front controller makes it a REDIRECT_ variable, which no header field of a client can become.
 */
function authorization(params: Params): readonly string[] {
  const values = params.getAll("HTTP_AUTHORIZATION");
  if (values.length > 0) return values;
  if (params.beginsWith("SERVER_SOFTWARE", "Apache")) {
    for (const name of redirectedAuthorization) {
      const redirected = params.getAll(name).filter((value) => value !== "");
      if (redirected.length > 0) return redirected;
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
 * Returns a non-ASCII value as the client sent it. Jetty decodes it as latin-1 and encodes it as UTF-8; this reverses that and
 * reads the bytes as others are read: as UTF-8 if valid, else as latin-1.
 */
function asSent(value: string, params: Params): string {
  if (!/^Jetty\b/.test(params.get("SERVER_SOFTWARE") ?? "") || /[^\0-\xff]/.test(value)) return value;
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : value;
}
