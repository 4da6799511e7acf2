import { TricornError } from "../errors.js";
import { hopByHop } from "./hop-by-hop.js";

/** Header fields as plain data; an array repeats the field, once for each value. */
export type HeaderFields = Readonly<Record<string, string | number | readonly string[]>>;

/** A field name is a token (RFC 9110, section 5.1). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible characters, space, tab and obs-text (RFC 9110, section 5.5): no CR, LF or NUL can end a line early. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Names that passed the check. Applications use few, so a small bound is enough to check each once. */
const knownNames = new Set<string>();
const KNOWN_NAMES_LIMIT = 256;

/** A header field that would break the header block was asked for. */
export class HeaderError extends TricornError {
  constructor(message: string) {
    super("ERR_RESPONSE_HEADER", message, { fault: "local" });
  }
}

/** Throws a HeaderError where the name is not a token. */
function checkFieldName(name: string): void {
  if (knownNames.has(name)) return;
  if (!TOKEN.test(name))
    throw new HeaderError(`Cannot set header: ${JSON.stringify(name)} is not a field name`);
  if (knownNames.size < KNOWN_NAMES_LIMIT) knownNames.add(name);
}

/** Throws a HeaderError where the value could end its line; the value is not in the message, it may be a secret. */
export function checkFieldValue(name: string, value: string): void {
  if (!FIELD_VALUE.test(value)) {
    throw new HeaderError(`Cannot set header ${name}: its value has a control character`);
  }
}

/**
 * Text as it is put into a header block, where each character is one byte: beyond ASCII these are the bytes of UTF-8,
 * which is what programs behind the Web server read.
 */
export function utf8AsLatin1(text: string): string {
  return /[^\x00-\x7f]/.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}

/**
 * Space and tab are no part of a value at its ends. Not trim(), which would take a byte of UTF-8 for a blank; nor a regular
 * expression, whose time would grow with the square of the blanks within.
 */
function trimBlanks(text: string): string {
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
 * The fields by which a Web server is told to send a file itself. A handler that copies fields from elsewhere must not
 * hand over a file of the server by accident, so only `sendfile()` sets them.
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

const SENDFILE_CURE = "use sendfile(…), which keeps to a root";

/** The fields that a handler cannot set, with what to do instead. */
const reserved: ReadonlyMap<string, string> = new Map([
  ["status", "use the status of the reply"],
  ...Array.from(hopByHop, (name) => [name, "the Web server owns the connection"] as const),
  ...sendfileHeaders.map((name) => [name.toLowerCase(), SENDFILE_CURE] as const),
]);

/** So many fields that a list of their names is cheaper than to look at each. */
const MANY_FIELDS = 32;

/**
 * The header fields of a reply, in the order in which they were set. Names are compared without case; names and values
 * are checked when they are set, so that a bad one is found where it was made.
 */
export class ReplyHeaders implements Iterable<[name: string, value: string]> {
  readonly #fields: [name: string, value: string][] = [];
  /** The names that were ever set, in lower case; made when there are many, so that each need not be held against all. */
  #names: Set<string> | undefined;

  /** @param fields those of another reply are copied as they are */
  constructor(fields?: HeaderFields | ReplyHeaders) {
    if (fields === undefined) return;
    if (fields instanceof ReplyHeaders) {
      this.#fields.push(...fields.#fields.map(([name, value]): [string, string] => [name, value]));
      return;
    }
    for (const name in fields) {
      const value = fields[name]!;
      if (typeof value === "object") for (const one of value) this.append(name, one);
      else this.set(name, value);
    }
  }

  /** The number of field lines. */
  get size(): number {
    return this.#fields.length;
  }

  /**
   * The values of this name joined by a comma, or undefined. They have one character for each byte, as they are sent: to
   * copy one, hand it to {@link appendBytes}, since {@link append} would encode it once more.
   */
  get(name: string): string | undefined {
    const values = this.getAll(name);
    return values.length === 0 ? undefined : values.join(", ");
  }

  /** Every value of this name. */
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

  /** Sets a field and removes others of its name. Throws a HeaderError for what cannot be sent. */
  set(name: string, value: string | number): this {
    if (this.#mayHave(name)) this.delete(name);
    return this.append(name, value);
  }

  /** Adds a field line beside those of the same name. Throws a HeaderError for what cannot be sent. */
  append(name: string, value: string | number): this {
    return this.appendBytes(name, utf8AsLatin1(String(value)));
  }

  /** Adds a field line whose value has one character for each byte. Throws a HeaderError for what cannot be sent. */
  appendBytes(name: string, value: string): this {
    checkFieldName(name);
    checkFieldValue(name, value);
    const lower = name.toLowerCase();
    const cure = reserved.get(lower);
    if (cure !== undefined) throw new HeaderError(`Cannot set header ${name}: ${cure}`);
    this.#fields.push([name, trimBlanks(value)]);
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

  /** Gives every field of a name another one, and leaves the values as they are. */
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
