import { isAscii, isUtf8 } from "node:buffer";

import {
  countPairs,
  encodeNameValuePairs,
  locatePair,
  type NameValuePair,
  type PairPosition,
} from "./name-value.js";

/** After so many look-ups by scanning, an index of all names is cheaper. */
const LOOKUPS_BEFORE_INDEX = 12;

/** A CGI program would take this variable, which any client can set by a `Proxy` header, for its proxy (CVE-2016-5385). */
const DROPPED_NAME = "HTTP_PROXY";

const position: PairPosition = { name: 0, value: 0, end: 0 };

/**
 * The FCGI_PARAMS of one request: the CGI variables and HTTP headers that the Web server handed over (section 5.2).
 *
 * The block is kept as it came; names and values become strings when they are asked for. A value is read as UTF-8
 * where it is valid UTF-8, else as latin-1.
 *
 * Of a name that came more than once {@link get} gives the *last* value, as PHP does: with nginx a later `fastcgi_param`
 * replaces one of the stock file, whose REMOTE_USER nobody has checked. Of a header field (HTTP_…) it gives the *first*,
 * because clients can add others: lighttpd sends HTTP_X_USER for `X_User` too. {@link getAll} gives all of them.
 * `HTTP_PROXY` is never there (CVE-2016-5385).
 */
export class Params implements Iterable<[name: string, value: string]> {
  readonly #block: Buffer;
  /** The block as latin-1, so that one character is one byte. */
  #text: string | undefined;
  #lookups = 0;
  #index: Map<string, number> | undefined;
  /** How many pairs came, each occurrence of a repeated name counted, HTTP_PROXY too. */
  readonly size: number;

  /**
   * @param block a whole block of name-value pairs (section 3.4)
   * @throws ProtocolError `ERR_FCGI_NAME_VALUE` when the block ends inside a pair
   */
  constructor(block: Buffer) {
    this.#block = block;
    this.size = countPairs(block);
  }

  /** Params from names and values, for tests and for answers to a plain CGI environment. */
  static from(variables: Iterable<NameValuePair> | Readonly<Record<string, string>>): Params {
    const pairs = Symbol.iterator in variables ? variables : Object.entries(variables);
    return new Params(encodeNameValuePairs(pairs));
  }

  /** The value of this name that counts, or undefined where the name did not come at all; empty is not absent. */
  get(name: string): string | undefined {
    const value = this.#find(name);
    return value < 0 ? undefined : this.#decode(value, position.end);
  }

  /** Every value of this name in the order of arrival. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let at = this.#scan(name, 0); at >= 0; at = this.#scan(name, position.end)) {
      values.push(this.#decode(at, position.end));
    }
    return values;
  }

  /** The value of this name that counts, as the bytes that came. */
  getBytes(name: string): Buffer | undefined {
    const value = this.#find(name);
    return value < 0 ? undefined : this.#block.subarray(value, position.end);
  }

  /** Whether the name came at all. */
  has(name: string): boolean {
    return this.#find(name) >= 0;
  }

  /**
   * Whether these ASCII characters stand anywhere, in a name or a value. Much quicker than {@link has} for a name that
   * hardly ever comes, if they are six or fewer, which V8 looks for by memchr.
   */
  mentions(text: string): boolean {
    return (this.#text ??= this.#block.toString("latin1")).includes(text);
  }

  /** Other params made of these: without all pairs of some names, and with further pairs behind the rest. */
  with(pairs: Iterable<NameValuePair>, { without }: { readonly without: ReadonlySet<string> }): Params {
    const block = this.#block;
    const text = (this.#text ??= block.toString("latin1"));
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

  /** All pairs in the order of arrival, repeated names as often as they came. */
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

  /** The block as it came on the wire. */
  get bytes(): Buffer {
    return this.#block;
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

  /** Names only: values may be credentials, and an inspected request ends in logs. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Params(${this.size}) [ ${Array.from(this, ([name]) => name).join(", ")} ]`;
  }

  /** Names only, for the same reason. */
  toJSON(): string[] {
    return Array.from(this, ([name]) => name);
  }

  /** Offset of the value of `name` that counts, or -1; `position` then tells its end. */
  #find(name: string): number {
    this.#lookups += 1;
    if (this.#lookups <= LOOKUPS_BEFORE_INDEX)
      return lastCounts(name) ? this.#scanLast(name) : this.#scan(name, 0);
    this.#index ??= this.#buildIndex();
    const offset = this.#index.get(name);
    if (offset === undefined || name === DROPPED_NAME) return -1;
    locatePair(this.#block, offset, position);
    return position.value;
  }

  #scan(name: string, from: number): number {
    if (name === DROPPED_NAME) return -1;
    const block = this.#block;
    const text = (this.#text ??= block.toString("latin1"));
    const length = name.length;
    for (let offset = from; offset < block.length; offset = position.end) {
      locatePair(block, offset, position);
      if (position.value - position.name === length && text.startsWith(name, position.name))
        return position.value;
    }
    return -1;
  }

  #scanLast(name: string): number {
    let value = -1;
    let end = 0;
    for (let at = this.#scan(name, 0); at >= 0; at = this.#scan(name, position.end)) {
      value = at;
      end = position.end;
    }
    position.end = end;
    return value;
  }

  #buildIndex(): Map<string, number> {
    const text = (this.#text ??= this.#block.toString("latin1"));
    const index = new Map<string, number>();
    for (let offset = 0; offset < this.#block.length; offset = position.end) {
      locatePair(this.#block, offset, position);
      const name = text.slice(position.name, position.value);
      if (!index.has(name) || lastCounts(name)) index.set(name, offset);
    }
    return index;
  }

  #decode(start: number, end: number): string {
    const bytes = this.#block.subarray(start, end);
    if (this.#text !== undefined && isAscii(bytes)) return this.#text.slice(start, end);
    return isUtf8(bytes) ? bytes.toString("utf8") : bytes.toString("latin1");
  }
}

/** Whether of a repeated name the last value counts: it is the Web server's own variable, not a field of the client. */
function lastCounts(name: string): boolean {
  return !name.startsWith("HTTP_");
}
