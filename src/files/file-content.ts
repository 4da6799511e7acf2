import type { FileHandle } from "node:fs/promises";

import { TricornError } from "../errors.js";
import { factsOf, sameFile, type FileFacts } from "./file-facts.js";

/** Bytes per read. */
const PIECE_LENGTH = 64 * 1024;

/** A file became shorter while it was read, so that what was read is incomplete. */
export class FileChangedError extends TricornError {
  constructor(length: number) {
    super("ERR_FILE_CHANGED", `Cannot read file: it became shorter than ${length} bytes`, {
      fault: "local",
    });
  }
}

/** Returns memory that nothing else uses; bytes. */
type Allocate = (bytes: number) => Buffer;

const allocateSlowly: Allocate = (bytes) => Buffer.allocUnsafeSlow(bytes);

/** A range of bytes of a file, including the last one. */
export interface FilePart {
  readonly first: number;
  readonly last: number;
}

/**
 * The content of an open file, of the length that it had when it was opened, even if it grows. It is read on demand, once from
 * the beginning, or in parts. The opener must {@link close} it.
 */
export class FileContent implements AsyncIterable<Buffer> {
  readonly #handle: FileHandle;
  readonly #facts: FileFacts;
  #position = 0;
  #closing: Promise<void> | undefined;

  constructor(handle: FileHandle, facts: FileFacts) {
    this.#handle = handle;
    this.#facts = facts;
  }

  /** The facts of the file when it was opened. */
  get facts(): FileFacts {
    return this.#facts;
  }

  /**
   * Returns the next piece, each in memory of its own, or undefined after the last one.
   *
   * @throws FileChangedError `ERR_FILE_CHANGED` if the file became shorter
   */
  async read(allocate = allocateSlowly): Promise<Buffer | undefined> {
    const piece = await this.#readAt(this.#position, { end: this.#facts.length, allocate });
    this.#position += piece?.length ?? 0;
    return piece;
  }

  /**
   * Yields the bytes of a part, independently of {@link read}.
   *
   * @throws FileChangedError `ERR_FILE_CHANGED` if the file became shorter
   */
  async *part({ first, last }: FilePart): AsyncGenerator<Buffer, void, undefined> {
    const end = Math.min(last + 1, this.#facts.length);
    for (let at = first; ;) {
      const piece = await this.#readAt(at, { end });
      if (piece === undefined) return;
      at += piece.length;
      yield piece;
    }
  }

  /** Whether the file is unchanged since it was opened; false if that cannot be determined. */
  async unchanged(): Promise<boolean> {
    try {
      return sameFile(factsOf(await this.#handle.stat({ bigint: true })), this.#facts);
    } catch {
      return false;
    }
  }

  /** Closes the file after a pending read. Never rejects. */
  close(): Promise<void> {
    return (this.#closing ??= this.#handle.close().catch(() => {}));
  }

  async #readAt(
    position: number,
    { end, allocate = allocateSlowly }: { readonly end: number; readonly allocate?: Allocate },
  ): Promise<Buffer | undefined> {
    if (position >= end) return undefined;
    const piece = allocate(Math.min(PIECE_LENGTH, end - position));
    const { bytesRead } = await this.#handle.read(piece, 0, piece.length, position);
    if (bytesRead === 0) throw new FileChangedError(this.#facts.length);
    return piece.subarray(0, bytesRead);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (let piece = await this.read(); piece !== undefined; piece = await this.read()) yield piece;
  }
}
