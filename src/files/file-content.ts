import type { FileHandle } from "node:fs/promises";

import { TricornError } from "../errors.js";
import { factsOf, sameFile, type FileFacts } from "./file-facts.js";

/** Bytes that are read at once. */
const PIECE_LENGTH = 64 * 1024;

/** A file has become shorter while it was read, so that its beginning must not be taken for the whole. */
export class FileChangedError extends TricornError {
  constructor(length: number) {
    super("ERR_FILE_CHANGED", `Cannot read file: it has become shorter than ${length} bytes`, {
      fault: "local",
    });
  }
}

/** Bytes of a file, the last one included. */
export interface FilePart {
  readonly first: number;
  readonly last: number;
}

/**
 * The content of an open file: as many bytes as it had when it was opened, also where it grows meanwhile. It is read
 * once, from the beginning, or in parts, and only when a piece is asked for. Whoever opened the file closes it by {@link close}.
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

  /** What the file was like when it was opened. */
  get facts(): FileFacts {
    return this.#facts;
  }

  /**
   * The next piece, or undefined behind the last; a buffer of its own each time.
   *
   * @throws FileChangedError `ERR_FILE_CHANGED` when the file has become shorter
   */
  async read(): Promise<Buffer | undefined> {
    const piece = await this.#readAt(this.#position, this.#facts.length);
    this.#position += piece?.length ?? 0;
    return piece;
  }

  /**
   * The bytes of a part, the last one included, whatever was read before.
   *
   * @throws FileChangedError `ERR_FILE_CHANGED` when the file has become shorter
   */
  async *part({ first, last }: FilePart): AsyncGenerator<Buffer, void, undefined> {
    const end = Math.min(last + 1, this.#facts.length);
    for (let at = first; ;) {
      const piece = await this.#readAt(at, end);
      if (piece === undefined) return;
      at += piece.length;
      yield piece;
    }
  }

  /** Whether the file is still what it was when it was opened; false too where that cannot be told any more. */
  async unchanged(): Promise<boolean> {
    try {
      return sameFile(factsOf(await this.#handle.stat({ bigint: true })), this.#facts);
    } catch {
      return false;
    }
  }

  /** Closes the file, once a read that is under way has come back. Never rejects: nothing was written. */
  close(): Promise<void> {
    return (this.#closing ??= this.#handle.close().catch(() => {}));
  }

  async #readAt(position: number, end: number): Promise<Buffer | undefined> {
    if (position >= end) return undefined;
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_LENGTH, end - position));
    const { bytesRead } = await this.#handle.read(piece, 0, piece.length, position);
    if (bytesRead === 0) throw new FileChangedError(this.#facts.length);
    return piece.subarray(0, bytesRead);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (let piece = await this.read(); piece !== undefined; piece = await this.read()) yield piece;
  }
}
