import { ByteCollector } from "../protocol/byte-collector.js";
import type { InputStream } from "../protocol/application-side/input-stream.js";
import { HttpError } from "../http/http-error.js";
import { Pieces, type PieceSource } from "./pieces.js";
import { pulledStream } from "./pulled-stream.js";

/** The most that is held in memory of a body, or of one of its parts. */
export interface BodyLimits {
  /** Bytes; 1 MiB if left out. */
  readonly bytes?: number | undefined;
}

/** What is collected in memory where nothing else is said, in bytes. */
export const DEFAULT_COLLECTED_BYTES = 1024 * 1024;

/** What an {@link InputReader} must know of its input. */
export interface InputFacts {
  /** What it is called in messages. */
  readonly name: "body" | "part";
  /** How many bytes must come; undefined when the end of the input alone counts. */
  readonly length: number | undefined;
}

/**
 * Reads an input stream once and as a whole or piece by piece, and holds what comes against what was announced
 * (section 6.2): a body that was cut short must never be taken for a whole one.
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

  /** Takes the right to read, which there is only once; throws a TypeError the second time. */
  claim(): void {
    if (this.#claimed) throw new TypeError(`Cannot read ${this.#name}: it was read already`);
    this.#claimed = true;
  }

  /**
   * The next piece, or undefined behind the last; a promise only where it has not arrived yet.
   *
   * @throws HttpError 400 `ERR_BODY_LENGTH` when there are more or fewer bytes than announced
   * @throws TypeError when the input was discarded meanwhile
   * @throws the reason of an abort
   */
  next(): Buffer | undefined | Promise<Buffer | undefined> {
    const piece = this.#input.take();
    return piece === undefined ? this.#later() : this.#counted(piece);
  }

  async #later(): Promise<Buffer | undefined> {
    const piece = await this.#input.read();
    if (piece !== undefined) return this.#counted(piece);
    // Discarded input ends like any other. Taking that for the end would be a short success.
    if (!this.#input.ended || this.#input.received !== this.#taken) {
      throw new TypeError(`Cannot read ${this.#name}: it was discarded`);
    }
    if (this.#length !== undefined && this.#taken < this.#length) throw this.#wrongLength();
    return undefined;
  }

  #counted(piece: Buffer): Buffer {
    this.#taken += piece.length;
    if (this.#length !== undefined && this.#taken > this.#length) throw this.#wrongLength();
    return piece;
  }

  /** Everything as one buffer, which may be a view of what was received. Errors as in {@link next} and {@link admit}. */
  async collect(limit: number): Promise<Buffer> {
    this.admit(this.#length ?? 0, limit);
    const whole = this.#input.takeWhole();
    if (whole !== undefined) {
      this.#taken = whole.length;
      if (this.#length !== undefined && whole.length !== this.#length) throw this.#wrongLength();
      this.admit(whole.length, limit);
      return whole;
    }
    const collected = new ByteCollector();
    for (let piece = await this.next(); piece !== undefined; piece = await this.next()) {
      collected.push(piece);
      this.admit(collected.length, limit);
    }
    return collected.take();
  }

  /** All pieces in order, each read when it is asked for. Errors as in {@link next}. */
  pieces(): Pieces {
    return new Pieces(this);
  }

  /** A web stream that reads only when it is asked for a piece. Errors as in {@link next}. */
  stream(): ReadableStream<Uint8Array> {
    return pulledStream(this);
  }

  /** Refuses more bytes than the limit with HttpError 413 `ERR_BODY_TOO_LARGE`, and drops what is still to come. */
  admit(bytes: number, limit: number): void {
    // Written so that a limit that is not a number admits nothing.
    if (bytes <= limit) return;
    this.discard();
    throw new HttpError(413, `The ${this.#name} is larger than ${limit} bytes.`, {
      code: "ERR_BODY_TOO_LARGE",
    });
  }

  /** How many bytes must come, as it was announced. */
  get length(): number | undefined {
    return this.#length;
  }

  /** Nobody will read any further. */
  discard(): void {
    this.#input.discard();
  }

  #wrongLength(): HttpError {
    const came = this.#taken > this.#length! ? "more" : `only ${this.#taken}`;
    this.discard();
    return new HttpError(
      400,
      `The ${this.#name} was announced with ${this.#length} bytes, but ${came} came.`,
      { code: "ERR_BODY_LENGTH" },
    );
  }
}
