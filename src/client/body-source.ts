import { Readable } from "node:stream";

/**
 * The content of an input stream. A stream is read as fast as the application takes it, and is cancelled (a Node stream
 * is destroyed, an iterator returned) when the request ends before it does. To keep a stream for other uses, such as the
 * `IncomingMessage` that the answer still has to go back to, hand over `stream.iterator({ destroyOnReturn: false })`.
 */
export type BodySource = string | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** A body that is read piece by piece. */
export interface BodyReader {
  /** The next piece, or undefined behind the last one. */
  next(): Promise<Uint8Array | undefined>;
  /** The rest is not wanted. Never throws. */
  cancel(reason: unknown): void;
}

/**
 * Takes over a source that may be read much later, or never. A Node stream that fails meanwhile, because its file cannot
 * be opened for one, keeps its error for whoever reads it; without a listener it would be the end of the process.
 */
export function adoptSource(source: BodySource | undefined): void {
  if (source instanceof Readable) source.on("error", ignore);
}

/** Whether the source can be sent a second time. */
export function isReplayable(source: BodySource | undefined): source is string | Uint8Array | undefined {
  return source === undefined || typeof source === "string" || source instanceof Uint8Array;
}

/**
 * Opens a source that is a stream.
 *
 * @throws TypeError when it is none
 */
export function openSource(source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): BodyReader {
  if (source instanceof ReadableStream) return readerOfStream(source);
  if (typeof source === "object" && source !== null && Symbol.asyncIterator in source)
    return readerOfIterable(source);
  throw new TypeError("Cannot send body: it is no string, no bytes and no stream of bytes");
}

/** Tells a source that was never opened that nobody will read it. */
export function cancelSource(source: BodySource | undefined, reason: unknown): void {
  if (isReplayable(source)) return;
  try {
    openSource(source).cancel(reason);
  } catch {
    // It is in use by somebody else, who will know what to do with it.
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
      // The iterator of a Node stream would do nothing before the next chunk arrives.
      if (iterable instanceof Readable) iterable.destroy();
      // In a function of its own, because an iterator that is no generator may throw here.
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
