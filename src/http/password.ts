const SHOWN = "[redacted]";

/** Random for each process, so that a client cannot choose texts whose digests share a prefix. */
let key: Buffer | undefined;

/**
 * A password that a client sent. It cannot be shown by accident: printed, logged, interpolated, serialized or cloned it is
 * `[redacted]` or empty.
 */
export class Password {
  readonly #text: string;

  /** For tests; requests have theirs in `AuthorizerRequest.credentials`. */
  constructor(text: string) {
    this.#text = text;
  }

  /** Returns the plain text, for the function that verifies it. */
  reveal(): string {
    return this.#text;
  }

  /**
   * Compares with a text in constant time, which reveals neither a common prefix nor the length. Store users' passwords as
   * hashes instead, and verify {@link reveal} against them.
   */
  equals(text: string): boolean {
    const { timingSafeEqual } = process.getBuiltinModule("node:crypto");
    return timingSafeEqual(digest(this.#text), digest(text));
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [Symbol.toPrimitive](): string {
    return SHOWN;
  }

  /** For `console.log` and `util.inspect`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SHOWN;
  }
}

function digest(text: string): Buffer {
  // Loaded here: it is 25 modules of Node.js, which many applications never use.
  const { createHmac, randomBytes } = process.getBuiltinModule("node:crypto");
  key ??= randomBytes(32);
  // Not UTF-8, which encodes all lone surrogates alike.
  return createHmac("sha256", key).update(text, "utf16le").digest();
}
