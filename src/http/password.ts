import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const SHOWN = "[redacted]";

/** Known to this process alone, so that nobody can choose texts whose digests begin alike. */
const key = randomBytes(32);

/**
 * A password that a client has sent. It refuses to be shown: printed, logged, put into a text, turned into JSON or cloned
 * it is `[redacted]` or nothing.
 */
export class Password {
  readonly #text: string;

  /** For tests; those of requests are in `AuthorizerRequest.credentials`. */
  constructor(text: string) {
    this.#text = text;
  }

  /** The password itself, to be handed to what verifies it. */
  reveal(): string {
    return this.#text;
  }

  /**
   * Whether it is this text, in a time that tells neither how much of it is right nor how long it is. Passwords of users
   * are better kept as hashes: hand {@link reveal} to what compares those.
   */
  equals(text: string): boolean {
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
  // Not UTF-8, to which all lone surrogates are one character.
  return createHmac("sha256", key).update(text, "utf16le").digest();
}
