import { Readable } from "node:stream";

/**
 * The content of an input stream. A stream is read as fast as the application reads, and is cancelled (a Node.js stream is
 * destroyed, an iterator returned) if the request ends first. To keep a stream open, such as an `IncomingMessage` whose
 * response is still to be sent, pass `stream.iterator({ destroyOnReturn: false })`.
 */
export type BodySource = string | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** Reads a body piece by piece. */
export interface BodyReader {
  /** The next piece, or undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Cancels the rest. Never throws. */
  cancel(reason: unknown): void;
}

/**
 * Takes over a source that may be read much later, or never. If a Node.js stream fails meanwhile, for example because its
 * file cannot be opened, its reader gets the error later; without a listener the process would end.
 */
export function adoptSource(source: BodySource | undefined): void {
  if (source instanceof Readable) source.on("error", ignore);
}

/** Whether the source can be sent again. */
export function isReplayable(source: BodySource | undefined): source is string | Uint8Array | undefined {
  return source === undefined || typeof source === "string" || source instanceof Uint8Array;
}

/**
 * Opens a stream for reading.
 *
 * @throws TypeError if it is not a stream
 */
export function openSource(source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): BodyReader {
  if (source instanceof ReadableStream) return readerOfStream(source);
  if (typeof source === "object" && source !== null && Symbol.asyncIterator in source)
    return readerOfIterable(source);
  throw new TypeError("Cannot send body: it is not a string, bytes or a stream of bytes");
}

/** Cancels a source that was never opened. */
export function cancelSource(source: BodySource | undefined, reason: unknown): void {
  if (isReplayable(source)) return;
  try {
    openSource(source).cancel(reason);
  } catch {
    // It is locked by another reader, who remains responsible for it.
  }
}

function readerOfStream(stream: ReadableStream<Uint8Array>): BodyReader {
  const reader = stream.getReader();
  return {
    async next() {
      const { done, value } = await reader.read();
      return done ? undefined : bytesOf(value);
    },
    cancel(reason) {
      reader.cancel(reason).catch(ignore);
    },
  };
}

function readerOfIterable(iterable: AsyncIterable<Uint8Array>): BodyReader {
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await iterator.next();
      return done === true ? undefined : bytesOf(value);
    },
    cancel() {
      // The iterator of a Node.js stream would do nothing before the next chunk arrives.
      if (iterable instanceof Readable) iterable.destroy();
      // In an async function, because an iterator that is not a generator may throw here.
      else void (async () => iterator.return?.())().catch(ignore);
    },
  };
}

function bytesOf(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === "string") return Buffer.from(piece);
  throw new TypeError(`Cannot send body: a piece of it is of type ${typeof piece}, expected Uint8Array`);
}

function ignore(): void {}
