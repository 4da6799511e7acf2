import type { NameValuePair } from "./name-value.js";
import { Params } from "./params.js";

/** What was read of params: some names, present or not; or `everything`, if names are not enough to say. */
export type ParamsReading = ReadonlySet<string> | "everything";

/** More names than a program reads; beyond this, everything counts as read. */
const MOST_NAMES = 32;

/** The longest name that is kept. */
const LONGEST_NAME = 128;

/**
 * Params that note which of them are read, and so which other requests would have had the same result. The method is not
 * noted: it is read for every request.
 */
export class ObservedParams extends Params {
  readonly #names = new Set<string>();
  #everything = false;

  /** What was read so far. */
  get reading(): ParamsReading {
    return this.#everything ? "everything" : this.#names;
  }

  override get method(): string {
    return super.get("REQUEST_METHOD") ?? "GET";
  }

  override get(name: string): string | undefined {
    this.#note(name);
    return super.get(name);
  }

  override getAll(name: string): string[] {
    this.#note(name);
    return super.getAll(name);
  }

  override getBytes(name: string): Buffer | undefined {
    this.#note(name);
    return super.getBytes(name);
  }

  override beginsWith(name: string, text: string): boolean {
    this.#note(name);
    return super.beginsWith(name, text);
  }

  override isUnanimous(name: string): boolean {
    this.#note(name);
    return super.isUnanimous(name);
  }

  override isRepeated(name: string): boolean {
    this.#note(name);
    return super.isRepeated(name);
  }

  override has(name: string): boolean {
    this.#note(name);
    return super.has(name);
  }

  override bytesOf(prefix: string): string[] {
    this.#everything = true;
    return super.bytesOf(prefix);
  }

  override with(
    pairs: Iterable<NameValuePair>,
    { without }: { readonly without: ReadonlySet<string> },
  ): Params {
    // What is read of the copy is not noted.
    this.#everything = true;
    return super.with(pairs, { without });
  }

  override [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    this.#everything = true;
    return super[Symbol.iterator]();
  }

  override get size(): number {
    this.#everything = true;
    return super.size;
  }

  override get bytes(): Buffer {
    this.#everything = true;
    return super.bytes;
  }

  override get byteLength(): number {
    this.#everything = true;
    return super.byteLength;
  }

  override measure(): { readonly longestName: number; readonly longestValue: number } {
    this.#everything = true;
    return super.measure();
  }

  #note(name: string): void {
    if (this.#everything || this.#names.has(name)) return;
    if (this.#names.size < MOST_NAMES && name.length <= LONGEST_NAME) this.#names.add(name);
    else this.#everything = true;
  }
}
