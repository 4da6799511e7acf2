import type { CgiHeaderField } from "../protocol/cgi-response.js";

/** The header fields of a response in the order of arrival. Names are case-insensitive. */
export class ResponseHeaders implements Iterable<CgiHeaderField> {
  readonly #fields: readonly CgiHeaderField[];

  constructor(fields: readonly CgiHeaderField[]) {
    this.#fields = fields;
  }

  /** The number of fields, including repeated ones. */
  get length(): number {
    return this.#fields.length;
  }

  /** All values of the field joined by ", ", or undefined. For `Set-Cookie` use {@link getAll}. */
  get(name: string): string | undefined {
    const values = this.getAll(name);
    return values.length === 0 ? undefined : values.join(", ");
  }

  /** All values of the field. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (const [given, value] of this.#fields) {
      if (given.toLowerCase() === wanted) values.push(value);
    }
    return values;
  }

  /** Whether the field is present. */
  has(name: string): boolean {
    return this.getAll(name).length > 0;
  }

  [Symbol.iterator](): Iterator<CgiHeaderField> {
    return this.#fields[Symbol.iterator]();
  }

  /** The fields as a new array. */
  toArray(): CgiHeaderField[] {
    return Array.from(this.#fields);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): CgiHeaderField[] {
    return this.toArray();
  }
}
