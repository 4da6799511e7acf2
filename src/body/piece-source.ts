import type { Readable } from "node:stream";

import { Pieces, type BodyPiece, type PieceSource } from "./pieces.js";
import { takeSource } from "./pulled-stream.js";

type StreamedBody = ReadableStream<BodyPiece> | AsyncIterable<BodyPiece> | Iterable<BodyPiece>;

/** Whether a reply's body is a stream or an iterable of pieces, rather than text, bytes, JSON or nothing. */
export function isStreamed(body: unknown): body is StreamedBody {
  if (typeof body !== "object" || body === null || Array.isArray(body) || ArrayBuffer.isView(body))
    return false;
  if (isWebStream(body) || Symbol.asyncIterator in body) return true;
  // An iterable with toJSON() is sent as JSON.
  return Symbol.iterator in body && !("toJSON" in body) && !(body instanceof URLSearchParams);
}

/** Accepts streams of other realms and of libraries too. */
function isWebStream(body: object): body is ReadableStream<BodyPiece> {
  return typeof (body as Partial<ReadableStream>).getReader === "function";
}

/** Returns the source of a streamed body, or undefined for any other body. */
export function pieceSource(body: unknown): PieceSource<BodyPiece> | undefined {
  if (!isStreamed(body)) return undefined;
  if (body instanceof Pieces) return body.takeSource();
  if (isWebStream(body)) return takeSource(body) ?? fromWebStream(body);
  return Symbol.asyncIterator in body ? fromAsyncIterable(body) : fromIterable(body);
}

function fromWebStream(stream: ReadableStream<BodyPiece>): PieceSource<BodyPiece> {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    },
    discard: (reason) => void reader.cancel(reason).catch(ignore),
  };
}

function fromAsyncIterable(iterable: AsyncIterable<BodyPiece>): PieceSource<BodyPiece> {
  const stream = asNodeStream(iterable);
  // The iterator of a Node stream listens for errors only after the first read, and a stream may fail after it was
  // destroyed, for example if its file cannot be opened. Without a listener the process would end.
  stream?.on("error", ignore);
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { done, value } = await iterator.next();
      return done === true ? undefined : value;
    },
    discard: () => {
      // A Node stream is destroyed at once; return() of its iterator would wait for the pending read.
      stream?.destroy();
      // Async, because return() of an iterator that is not a generator may throw.
      void (async () => iterator.return?.())().catch(ignore);
    },
  };
}

/** Accepts streams of the readable-stream package too, which are not instances of Node's Readable. */
function asNodeStream(body: object): Pick<Readable, "on" | "destroy"> | undefined {
  const { on, destroy } = body as Partial<Readable>;
  return typeof on === "function" && typeof destroy === "function" ? (body as Readable) : undefined;
}

/** Strings of a synchronous iterable are joined up to this many characters, so that not every line is a record. */
const JOIN_CHARACTERS = 16 * 1024;

function fromIterable(iterable: Iterable<BodyPiece>): PieceSource<BodyPiece> {
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
    discard: () => {
      try {
        iterator.return?.();
      } catch {
        // The producer's clean-up failed after the answer ended.
      }
    },
  };
}

function ignore(): void {}
