import { TricornError } from "../errors.js";
import type { InputStream } from "../protocol/input-stream.js";
import type { Segment } from "../protocol/segment.js";
import type { PieceSource } from "./pieces.js";
import { pulledStream } from "./pulled-stream.js";

/** FCGI_DATA is not what FCGI_DATA_LENGTH announced (section 6.4). */
export class FilterDataError extends TricornError {
  constructor(message: string) {
    super("ERR_FILTER_DATA", message, { fault: "remote" });
  }
}

/** The input of a filter: FCGI_DATA, or a file, which need not be able to lend. */
export type DataInput = Pick<InputStream, "discard"> & {
  /** Returns the next piece in memory of its own, or undefined after the last one. */
  read(): Promise<Uint8Array | undefined>;
} & Partial<Pick<InputStream, "lend" | "ready">>;

/** Returns the input as a web stream that fails if it is shorter or longer than `length` bytes. */
export function checkedData(input: DataInput, length: number): ReadableStream<Uint8Array> {
  return pulledStream(new CheckedData(input, length));
}

class CheckedData implements PieceSource {
  readonly #input: DataInput;
  readonly #length: number;
  #received = 0;
  /** Absent if the input lends nothing. */
  readonly lend?: NonNullable<PieceSource["lend"]>;

  constructor(input: DataInput, length: number) {
    this.#input = input;
    this.#length = length;
    if (input.lend !== undefined) this.lend = () => this.#lend();
  }

  async next(): Promise<Uint8Array | undefined> {
    const piece = await this.#input.read();
    this.#count(piece?.length);
    return piece;
  }

  async #lend(): Promise<Segment | undefined> {
    const input = this.#input;
    let segment = input.lend?.();
    if (segment === undefined) {
      await input.ready?.();
      segment = input.lend?.();
    }
    try {
      this.#count(segment?.length);
    } catch (error) {
      segment?.release();
      throw error;
    }
    return segment;
  }

  /** @param bytes those of the next piece; undefined at the end */
  #count(bytes: number | undefined): void {
    this.#received += bytes ?? 0;
    const received = this.#received;
    const length = this.#length;
    if (received <= length && (bytes !== undefined || received === length)) return;
    const fact = received > length ? `more than ${length} bytes` : `${received} of ${length} bytes`;
    this.#input.discard();
    throw new FilterDataError(`Cannot read file: FCGI_DATA has ${fact}`);
  }

  discard(): void {
    this.#input.discard();
  }
}
