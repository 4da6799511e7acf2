import { HeldBytes } from "../protocol/held-bytes.js";
import type { InputStream } from "../protocol/input-stream.js";
import type { Segment } from "../protocol/segment.js";
import { HttpError } from "../http/http-error.js";
import { Pieces, type PieceSource } from "./pieces.js";
import { pulledStream } from "./pulled-stream.js";

/** Limits of a body, or of one of its parts, that is collected in memory. */
export interface BodyLimits {
  /** Bytes; 1 MiB by default. */
  readonly bytes?: number | undefined;
}

/** The default limit of what is collected in memory, in bytes. */
export const DEFAULT_COLLECTED_BYTES = 1024 * 1024;

/** What an {@link InputReader} knows about its input. */
export interface InputFacts {
  /** Its name in messages. */
  readonly name: "body" | "part";
  /** The announced length in bytes; undefined if only the end of the input counts. */
  readonly length: number | undefined;
}

/**
 * Reads an input stream once, as a whole or piece by piece, and checks its length against the announced one (section 6.2): a
 * truncated body must never pass for a complete one.
 */
export class InputReader implements PieceSource {
  readonly #input: InputStream;
  readonly #name: string;
  readonly #length: number | undefined;
  #taken = 0;
  #claimed = false;

  constructor(input: InputStream, { name, length }: InputFacts) {
    this.#input = input;
    this.#name = name;
    this.#length = length;
  }

  /** Reserves the input for one reader. Throws a TypeError the second time. */
  claim(): void {
    if (this.#claimed) throw new TypeError(`Cannot read ${this.#name}: it was already read`);
    this.#claimed = true;
  }

  /**
   * Returns the next piece, or undefined after the last one; a promise only if it has not arrived yet.
   *
   * @throws HttpError 400 `ERR_BODY_LENGTH` for more or fewer bytes than announced
   * @throws TypeError if the input was discarded
   * @throws the reason of an abort
   */
  next(): Buffer | undefined | Promise<Buffer | undefined> {
    const piece = this.#input.take();
    if (piece === undefined) return this.#wait();
    this.#count(piece.length);
    return piece;
  }

  async #wait(): Promise<Buffer | undefined> {
    const piece = await this.#input.read();
    if (piece === undefined) this.#requireWhole();
    else this.#count(piece.length);
    return piece;
  }

  /** The same as {@link next} in bytes that the caller hides and releases soon. */
  lend(): Segment | undefined | Promise<Segment | undefined> {
    const segment = this.#input.lend();
    return segment === undefined ? this.#waitToLend() : this.#counted(segment);
  }

  async #waitToLend(): Promise<Segment | undefined> {
    await this.#input.ready();
    const segment = this.#input.lend();
    if (segment !== undefined) return this.#counted(segment);
    this.#requireWhole();
    return undefined;
  }

  #counted(segment: Segment): Segment {
    try {
      this.#count(segment.length);
      return segment;
    } catch (error) {
      segment.release();
      throw error;
    }
  }

  #count(bytes: number): void {
    this.#taken += bytes;
    if (this.#length !== undefined && this.#taken > this.#length) throw this.#wrongLength();
  }

  /** At the end of the input. */
  #requireWhole(): void {
    // Discarded input also ends; taken for the end, that would be a truncated success.
    if (!this.#input.ended || this.#input.received !== this.#taken) {
      throw new TypeError(`Cannot read ${this.#name}: it was discarded`);
    }
    if (this.#length !== undefined && this.#taken < this.#length) throw this.#wrongLength();
  }

  /** Returns everything as one segment. Throws as {@link next} and {@link admit}. */
  async collect(limit: number): Promise<Segment> {
    this.admit(this.#length ?? 0, limit);
    const collected = new HeldBytes();
    try {
      const whole = this.#input.lendWhole();
      if (whole !== undefined) {
        collected.adopt(whole);
        this.#taken = whole.length;
        if (this.#length !== undefined && whole.length !== this.#length) throw this.#wrongLength();
        this.admit(whole.length, limit);
        return collected.take();
      }
      for (let segment = await this.lend(); segment !== undefined; segment = await this.lend()) {
        collected.adopt(segment);
        this.admit(collected.length, limit);
      }
      return collected.take();
    } catch (error) {
      collected.clear();
      throw error;
    }
  }

  /** Returns all pieces in order, each read on demand. They throw as {@link next}. */
  pieces(): Pieces {
    return new Pieces(this);
  }

  /** Returns a web stream that reads on demand. It fails as {@link next}. */
  stream(): ReadableStream<Uint8Array> {
    return pulledStream(this);
  }

  /** Throws an HttpError 413 `ERR_BODY_TOO_LARGE` for more bytes than the limit, and drops the rest. */
  admit(bytes: number, limit: number): void {
    // A limit of NaN admits nothing.
    if (bytes <= limit) return;
    this.discard();
    throw new HttpError(413, `The ${this.#name} is larger than ${limit} bytes.`, {
      code: "ERR_BODY_TOO_LARGE",
    });
  }

  /** The announced length in bytes. */
  get length(): number | undefined {
    return this.#length;
  }

  /** Drops the rest. */
  discard(): void {
    this.#input.discard();
  }

  #wrongLength(): HttpError {
    const received = this.#taken > this.#length! ? "more" : `only ${this.#taken}`;
    this.discard();
    return new HttpError(
      400,
      `The ${this.#name} was announced with ${this.#length} bytes, but ${received} arrived.`,
      { code: "ERR_BODY_LENGTH" },
    );
  }
}
