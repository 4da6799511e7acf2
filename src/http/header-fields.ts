import { TricornError } from "../errors.js";
import { hopByHop } from "./hop-by-hop.js";

/** Header fields as plain data; an array repeats the field once per value. */
export type HeaderFields = Readonly<Record<string, string | number | readonly string[]>>;

/** A field name is a token (RFC 9110, section 5.1). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible characters, space, tab and obs-text (RFC 9110, section 5.5); no CR, LF or NUL, which could end the line. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Checked names. Applications use few, so a small cache checks each only once. */
const knownNames = new Set<string>();
const KNOWN_NAMES_LIMIT = 256;

/** A header field that would break the header block. */
export class HeaderError extends TricornError {
  constructor(message: string) {
    super("ERR_RESPONSE_HEADER", message, { fault: "local" });
  }
}

/** Throws a HeaderError for a name that is not a token. */
function checkFieldName(name: string): void {
  if (knownNames.has(name)) return;
  if (!TOKEN.test(name))
    throw new HeaderError(`Cannot set header: ${JSON.stringify(name)} is not a field name`);
  if (knownNames.size < KNOWN_NAMES_LIMIT) knownNames.add(name);
}

/** Throws a HeaderError for a value with control characters. The message omits the value, which may be a secret. */
export function checkFieldValue(name: string, value: string): void {
  if (!FIELD_VALUE.test(value)) {
    throw new HeaderError(`Cannot set header ${name}: its value has a control character`);
  }
}

/**
 * Encodes text for a header block, in which each character is one byte: characters beyond ASCII become their UTF-8 bytes,
 * which clients decode.
 */
export function utf8AsLatin1(text: string): string {
  return /[^\x00-\x7f]/.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}

/**
 * Trims spaces and tabs. Not with trim(), which would also remove bytes of UTF-8; nor with a regular expression, which would
 * take quadratic time.
 */
function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return end - start === text.length ? text : text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * The fields that make a Web server send a file. Only `sendfile()` sets them, so that a handler that copies fields of another
 * response cannot expose a file of the server by accident.
 */
export const sendfileHeaders = [
  "X-Accel-Redirect",
  "X-Sendfile",
  "X-Sendfile2",
  "X-Sendfile-Temporary",
  "X-LIGHTTPD-send-file",
  "X-LIGHTTPD-send-tempfile",
  "X-LiteSpeed-Location",
  "X-Reproxy-URL",
  "X-Reproxy-File",
] as const;

const SENDFILE_CURE = "use sendfile(…), which stays below a root";

/** The fields that a handler cannot set, and what to do instead. */
const reserved: ReadonlyMap<string, string> = new Map([
  ["status", "use the status of the reply"],
  ...Array.from(hopByHop, (name) => [name, "the Web server owns the connection"] as const),
  ...sendfileHeaders.map((name) => [name.toLowerCase(), SENDFILE_CURE] as const),
]);

/** From this many fields on, a set of their names is cheaper than a search. */
const MANY_FIELDS = 32;

/**
 * The header fields of a reply, in the order in which they were set. Names are compared without case. Names and values are
 * checked when they are set, so that an error points to the code that set them.
 */
export class ReplyHeaders implements Iterable<[name: string, value: string]> {
  readonly #fields: [name: string, value: string][] = [];
  /** The lower-case names that were ever set; undefined until there are {@link MANY_FIELDS}. */
  #names: Set<string> | undefined;

  /** @param fields initial fields; those of another reply are copied unchanged */
  constructor(fields?: HeaderFields | ReplyHeaders) {
    if (fields === undefined) return;
    if (fields instanceof ReplyHeaders) {
      this.#fields.push(...fields.#fields.map(([name, value]): [string, string] => [name, value]));
      return;
    }
    for (const name in fields) {
      const value = fields[name]!;
      if (typeof value === "object") for (const item of value) this.append(name, item);
      else this.set(name, value);
    }
  }

  /** The number of field lines. */
  get size(): number {
    return this.#fields.length;
  }

  /**
   * Returns the values of this name joined by a comma, or undefined. They have one character per byte, as sent: copy one
   * with {@link appendBytes}, because {@link append} would encode it again.
   */
  get(name: string): string | undefined {
    const values = this.getAll(name);
    return values.length === 0 ? undefined : values.join(", ");
  }

  /** Returns every value of this name. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#fields.filter(([other]) => other.toLowerCase() === wanted).map(([, value]) => value);
  }

  /** Whether a field of this name is set. */
  has(name: string): boolean {
    if (this.#fields.length === 0) return false;
    const wanted = name.toLowerCase();
    return this.#fields.some(([other]) => other.toLowerCase() === wanted);
  }

  /** Sets a field and removes others of its name. Throws a HeaderError for an invalid or reserved field. */
  set(name: string, value: string | number): this {
    if (this.#mayHave(name)) this.delete(name);
    return this.append(name, value);
  }

  /** Adds a field line and keeps those of the same name. Throws a HeaderError for an invalid or reserved field. */
  append(name: string, value: string | number): this {
    return this.appendBytes(name, utf8AsLatin1(String(value)));
  }

  /** Adds a field line whose value has one character per byte. Throws a HeaderError for an invalid or reserved field. */
  appendBytes(name: string, value: string): this {
    checkFieldName(name);
    checkFieldValue(name, value);
    const lower = name.toLowerCase();
    const cure = reserved.get(lower);
    if (cure !== undefined) throw new HeaderError(`Cannot set header ${name}: ${cure}`);
    this.#fields.push([name, trimWhitespace(value)]);
    this.#names?.add(lower);
    return this;
  }

  /** @internal Sets a field that is reserved for `sendfile()`. */
  setSendfile(name: (typeof sendfileHeaders)[number], value: string): void {
    checkFieldValue(name, value);
    this.#fields.push([name, value]);
    this.#names?.add(name.toLowerCase());
  }

  /** Removes every field of this name. */
  delete(name: string): this {
    const wanted = name.toLowerCase();
    for (let index = this.#fields.length - 1; index >= 0; index -= 1) {
      if (this.#fields[index]![0].toLowerCase() === wanted) this.#fields.splice(index, 1);
    }
    return this;
  }

  /** Renames every field of a name. */
  rename(name: string, to: string): this {
    checkFieldName(to);
    const wanted = name.toLowerCase();
    this.#names?.add(to.toLowerCase());
    for (const field of this.#fields) if (field[0].toLowerCase() === wanted) field[0] = to;
    return this;
  }

  #mayHave(name: string): boolean {
    if (this.#fields.length < MANY_FIELDS) return this.#fields.length > 0;
    this.#names ??= new Set(this.#fields.map(([other]) => other.toLowerCase()));
    return this.#names.has(name.toLowerCase());
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.#fields.values();
  }
}
