import { isUtf8 } from "node:buffer";

import { encodeNameValuePairs, locatePair, type NameValuePair, type PairPosition } from "./name-value.js";
import { ownCopy } from "./own-memory.js";
import { PairIndex } from "./pair-index.js";

/** A CGI program would take this variable, which any client can set by a `Proxy` header, for its proxy (CVE-2016-5385). */
const DROPPED_NAME = "HTTP_PROXY";

/** Shared by all params of the process. */
const index = new PairIndex();
const position: PairPosition = { name: 0, value: 0, end: 0 };

/**
 * The FCGI_PARAMS of one request: the CGI variables and HTTP headers that the Web server handed over (section 5.2).
 *
 * The block is kept as it came; names and values become strings when they are asked for. A value is read as UTF-8
 * if it is valid UTF-8, else as latin-1.
 *
 * Of a name that came more than once {@link get} gives the *last* value, as PHP does: with nginx a later `fastcgi_param`
 * replaces one of the stock file, whose REMOTE_USER is unchecked. Of a header field (HTTP_…) it gives the *first*,
 * because clients can add others: lighttpd sends HTTP_X_USER for `X_User` too. {@link getAll} gives all of them.
 * `HTTP_PROXY` is dropped (CVE-2016-5385).
 */
export class Params implements Iterable<[name: string, value: string]> {
  readonly #block: Buffer;
  /** The block as latin-1, so that one character is one byte. */
  #text: string | undefined;
  #method: string | undefined;
  readonly #size: number;

  /**
   * @param block a whole block of name-value pairs (section 3.4)
   * @throws ProtocolError `ERR_FCGI_NAME_VALUE` when the block ends inside a pair
   */
  constructor(block: Buffer) {
    this.#block = block;
    this.#size = index.list(block);
  }

  /** Params from names and values, for tests and for answers to a plain CGI environment. */
  static from(variables: Iterable<NameValuePair> | Readonly<Record<string, string>>): Params {
    const pairs = Symbol.iterator in variables ? variables : Object.entries(variables);
    return new Params(encodeNameValuePairs(pairs));
  }

  /** How many pairs came, counting each occurrence of a repeated name, and HTTP_PROXY. */
  get size(): number {
    return this.#size;
  }

  /** The value of this name that counts; undefined if the name did not come. An empty value is not absent. */
  get(name: string): string | undefined {
    return this.#find(name) ? this.#decode(index.value, index.end) : undefined;
  }

  /**
   * The HTTP method, REQUEST_METHOD (RFC 3875, section 4.1.12); GET by default. Kept, because it is
   * read twice: to find the handler, and to send its answer.
   */
  get method(): string {
    return (this.#method ??= this.get("REQUEST_METHOD") ?? "GET");
  }

  /** Every value of this name in the order of arrival. */
  getAll(name: string): string[] {
    const values: string[] = [];
    if (!this.#find(name)) return values;
    const block = this.#block;
    const { length } = name;
    for (let offset = 0; offset < block.length; offset = position.end) {
      locatePair(block, offset, position);
      if (position.value - position.name === length && this.#latin1.startsWith(name, position.name))
        values.push(this.#decode(position.value, position.end));
    }
    return values;
  }

  /** The value of this name that counts, as a copy of the bytes that came. */
  getBytes(name: string): Buffer | undefined {
    return this.#find(name) ? ownCopy(this.#block.subarray(index.value, index.end)) : undefined;
  }

  /** Whether the value of this name that counts begins with this ASCII text; no value becomes a string for it. */
  beginsWith(name: string, text: string): boolean {
    if (!this.#find(name) || index.end - index.value < text.length) return false;
    for (let at = 0; at < text.length; at += 1)
      if (this.#block[index.value + at] !== text.charCodeAt(at)) return false;
    return true;
  }

  /** Whether all values of this name are the same bytes. True if it came once or not at all. */
  isUnanimous(name: string): boolean {
    if (!index.findLast(this.#block, name)) return true;
    const { value } = index;
    index.findFirst(this.#block, name);
    // Most names come once, which costs no text.
    if (index.value === value) return true;
    return new Set(this.getAll(name)).size === 1;
  }

  /** Whether the name came more than once. */
  isRepeated(name: string): boolean {
    if (!this.#find(name) || !index.findLast(this.#block, name)) return false;
    const last = index.value;
    return index.findFirst(this.#block, name) && index.value !== last;
  }

  /** Whether the name came at all. */
  has(name: string): boolean {
    return this.#find(name);
  }

  /**
   * Names and values of all variables that begin with this ASCII text, alternating in order of arrival, each character one
   * byte. To pass all fields on this is cheaper than to get each.
   */
  bytesOf(prefix: string): string[] {
    const text = this.#latin1;
    const found: string[] = [];
    for (let offset = 0; offset < this.#block.length; offset = position.end) {
      locatePair(this.#block, offset, position);
      if (!text.startsWith(prefix, position.name)) continue;
      const name = text.slice(position.name, position.value);
      if (name.length >= prefix.length && name !== DROPPED_NAME)
        found.push(name, text.slice(position.value, position.end));
    }
    return found;
  }

  /** A copy without the pairs of some names, and with further pairs at the end. */
  with(pairs: Iterable<NameValuePair>, { without }: { readonly without: ReadonlySet<string> }): Params {
    const block = this.#block;
    const text = this.#latin1;
    const kept: Uint8Array[] = [];
    let start = 0;
    for (let offset = 0; offset < block.length; offset = position.end) {
      locatePair(block, offset, position);
      if (!without.has(text.slice(position.name, position.value))) continue;
      kept.push(block.subarray(start, offset));
      start = position.end;
    }
    return new Params(Buffer.concat([...kept, block.subarray(start), encodeNameValuePairs(pairs)]));
  }

  /** All pairs in the order of arrival, including repeated names. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    const here: PairPosition = { name: 0, value: 0, end: 0 };
    for (let offset = 0; offset < this.#block.length; offset = here.end) {
      locatePair(this.#block, offset, here);
      const name = this.#decode(here.name, here.value);
      if (name !== DROPPED_NAME) yield [name, this.#decode(here.value, here.end)];
    }
  }

  /** The variables as an object without a prototype; of a repeated name the value that counts. */
  toObject(): Record<string, string> {
    const variables = Object.create(null) as Record<string, string>;
    for (const [name, value] of this) if (!(name in variables) || lastCounts(name)) variables[name] = value;
    return variables;
  }

  /** A copy of the block as it came on the wire. */
  get bytes(): Buffer {
    return ownCopy(this.#block);
  }

  /** How long the block is; bytes. */
  get byteLength(): number {
    return this.#block.length;
  }

  /** Bytes of the longest name and of the longest value. */
  measure(): { readonly longestName: number; readonly longestValue: number } {
    let longestName = 0;
    let longestValue = 0;
    for (let offset = 0; offset < this.#block.length; offset = position.end) {
      locatePair(this.#block, offset, position);
      longestName = Math.max(longestName, position.value - position.name);
      longestValue = Math.max(longestValue, position.end - position.value);
    }
    return { longestName, longestValue };
  }

  /** Names only: values may be credentials, and inspected requests end up in logs. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Params(${this.size}) [ ${Array.from(this, ([name]) => name).join(", ")} ]`;
  }

  /** Names only, for the same reason. */
  toJSON(): string[] {
    return Array.from(this, ([name]) => name);
  }

  /** Whether the name came; the index then has the position of the value that counts. */
  #find(name: string): boolean {
    if (name === DROPPED_NAME) return false;
    return lastCounts(name) ? index.findLast(this.#block, name) : index.findFirst(this.#block, name);
  }

  get #latin1(): string {
    return (this.#text ??= this.#block.toString("latin1"));
  }

  #decode(start: number, end: number): string {
    const block = this.#block;
    const text = this.#latin1;
    for (let at = start; at < end; at += 1) {
      if (block[at]! < 128) continue;
      const bytes = block.subarray(start, end);
      return isUtf8(bytes) ? bytes.toString("utf8") : text.slice(start, end);
    }
    return text.slice(start, end);
  }
}

/** Whether the last value of a repeated name counts: it does for the Web server's own variables, not for header fields. */
function lastCounts(name: string): boolean {
  return !name.startsWith("HTTP_");
}
