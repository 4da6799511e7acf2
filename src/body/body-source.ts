import type { Readable } from "node:stream";

import { Pieces, type BodyPiece, type PieceSource } from "./pieces.js";
import { takePieces } from "./pulled-stream.js";

/** A body that is produced piece by piece, whatever it was made of. */
export interface BodySource {
  /** The next piece, or undefined behind the last. */
  next(): BodyPiece | undefined | Promise<BodyPiece | undefined>;
  /** Tells the producer that nobody wants the rest. Never throws or rejects. */
  stop(reason?: unknown): void;
}

type StreamedBody = ReadableStream<BodyPiece> | AsyncIterable<BodyPiece> | Iterable<BodyPiece>;

/** Whether a body is a stream or an iterable of pieces, rather than there as a whole: text, bytes, JSON or nothing. */
export function isStreamed(body: unknown): body is StreamedBody {
  if (typeof body !== "object" || body === null || Array.isArray(body) || ArrayBuffer.isView(body))
    return false;
  if (isWebStream(body) || Symbol.asyncIterator in body) return true;
  // What says itself what it is as JSON is no list of pieces, though it can be iterated.
  return Symbol.iterator in body && !("toJSON" in body) && !(body instanceof URLSearchParams);
}

/** Also one of another realm, or of a library. */
function isWebStream(body: object): body is ReadableStream<BodyPiece> {
  return typeof (body as Partial<ReadableStream>).getReader === "function";
}

/** The source of a body, or undefined for one that is there as a whole. */
export function bodySource(body: unknown): BodySource | undefined {
  if (!isStreamed(body)) return undefined;
  if (body instanceof Pieces) return fromPieces(body.takeSource());
  if (isWebStream(body)) {
    const pieces = takePieces(body);
    return pieces ? fromAsyncIterable(pieces) : fromWebStream(body);
  }
  return Symbol.asyncIterator in body ? fromAsyncIterable(body) : fromIterable(body);
}

function fromPieces(source: PieceSource): BodySource {
  return { next: () => source.next(), stop: () => source.discard() };
}

function fromWebStream(stream: ReadableStream<BodyPiece>): BodySource {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    },
    stop: (reason) => void reader.cancel(reason).catch(ignore),
  };
}

function fromAsyncIterable(iterable: AsyncIterable<BodyPiece>): BodySource {
  const stream = asNodeStream(iterable);
  // Its iterator listens for errors only once it was asked for a piece, and a stream fails later than it is stopped: a
  // file that cannot be opened, for one. Without a listener that would be the end of the process.
  stream?.on("error", ignore);
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { done, value } = await iterator.next();
      return done === true ? undefined : value;
    },
    stop: () => {
      // A Node stream is destroyed at once; return() of its iterator would wait for the read that is under way.
      stream?.destroy();
      // In a function of its own, because an iterator that is no generator may throw here.
      void (async () => iterator.return?.())().catch(ignore);
    },
  };
}

/** A Node stream, also one of the readable-stream package, which is no instance of our Readable. */
function asNodeStream(body: object): Pick<Readable, "on" | "destroy"> | undefined {
  const { on, destroy } = body as Partial<Readable>;
  return typeof on === "function" && typeof destroy === "function" ? (body as Readable) : undefined;
}

/** Pieces that are there without waiting are joined up to this many characters, so that each line is no record. */
const JOIN_CHARACTERS = 16 * 1024;

function fromIterable(iterable: Iterable<BodyPiece>): BodySource {
  const iterator = iterable[Symbol.iterator]();
  let held: BodyPiece | undefined;
  const take = (): BodyPiece | undefined => {
    const { done, value } = iterator.next();
    return done === true ? undefined : value;
  };
  return {
    next: () => {
      let piece = held ?? take();
      held = undefined;
      if (typeof piece !== "string") return piece;
      while (piece.length < JOIN_CHARACTERS) {
        const following = take();
        if (typeof following !== "string") {
          held = following;
          break;
        }
        piece += following;
      }
      return piece;
    },
    stop: () => {
      try {
        iterator.return?.();
      } catch {
        // The producer's own clean-up failed, and there is no answer left that could tell.
      }
    },
  };
}

function ignore(): void {}
