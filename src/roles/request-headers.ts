import type { Params } from "../protocol/params.js";

/** The two fields that CGI hands over without the HTTP_ prefix (RFC 3875, sections 4.1.2 and 4.1.3). */
const contentFields: ReadonlyMap<string, string> = new Map([
  ["content-type", "CONTENT_TYPE"],
  ["content-length", "CONTENT_LENGTH"],
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
    const values = this.#params.getAll(variableOf(name));
    if (values.length < 2) return values[0];
    return values.join(name.toLowerCase() === "cookie" ? "; " : ", ");
  }

  /** Whether the field came. */
  has(name: string): boolean {
    return this.#params.has(variableOf(name));
  }

  /** Each field once, its name in lower case. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    const seen = new Set<string>();
    for (const [variable, value] of this.#params) {
      const name = nameOf(variable);
      if (name === undefined || seen.has(name)) continue;
      seen.add(name);
      yield [name, this.get(name) ?? value];
    }
  }

  /** The fields as an object without a prototype, names in lower case. */
  toObject(): Record<string, string> {
    const fields = Object.create(null) as Record<string, string>;
    for (const [name, value] of this) fields[name] = value;
    return fields;
  }
}

function variableOf(name: string): string {
  const lower = name.toLowerCase();
  return contentFields.get(lower) ?? `HTTP_${lower.toUpperCase().replaceAll("-", "_")}`;
}

function nameOf(variable: string): string | undefined {
  if (variable === "CONTENT_TYPE") return "content-type";
  if (variable === "CONTENT_LENGTH") return "content-length";
  // nginx sends these beside the two above.
  if (variable === "HTTP_CONTENT_TYPE" || variable === "HTTP_CONTENT_LENGTH") return undefined;
  return variable.startsWith("HTTP_") ? variable.slice(5).toLowerCase().replaceAll("_", "-") : undefined;
}
