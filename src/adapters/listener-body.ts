import type { BodyPiece } from "../roles/reply.js";
import type { WriteCallback } from "./node-internals.js";

/** The bytes that may be buffered before the listener is asked to wait. */
const HIGH_WATER_MARK = 64 * 1024;

type Result = IteratorResult<BodyPiece, undefined>;

/** The body that a listener writes, as the iterable of a reply. */
export class ListenerBody implements AsyncIterableIterator<BodyPiece> {
  readonly #onDrain: () => void;
  readonly #pieces: { readonly piece: BodyPiece; readonly taken: WriteCallback | undefined }[] = [];
  #waiter: { resolve: (result: Result) => void; reject: (error: unknown) => void } | undefined;
  #buffered = 0;
  /** The bytes that were written. */
  bytes = 0;
  #needsDrain = false;
  #finish: WriteCallback | undefined;
  #state: "open" | "ended" | "stopped" = "open";
  #error: { readonly reason: unknown } | undefined;

  /** @param onDrain called when more may be written, after {@link acceptsMore} was false */
  constructor(onDrain: () => void) {
    this.#onDrain = onDrain;
  }

  /** Whether more may be written without waiting. */
  get acceptsMore(): boolean {
    if (this.#buffered < HIGH_WATER_MARK || this.#state === "stopped") return true;
    this.#needsDrain = true;
    return false;
  }

  /** Whether all of it was sent. */
  get isOver(): boolean {
    return this.#state !== "open" && this.#finish === undefined;
  }

  /** Adds a piece. The first one flushes the head, even if it is empty. */
  push(piece: BodyPiece, taken?: WriteCallback): void {
    this.bytes += typeof piece === "string" ? Buffer.byteLength(piece) : piece.length;
    if (this.#state === "stopped") {
      if (taken !== undefined) process.nextTick(taken);
      return;
    }
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = undefined;
      waiter.resolve({ done: false, value: piece });
      if (taken !== undefined) process.nextTick(taken);
      return;
    }
    this.#buffered += piece.length;
    this.#pieces.push({ piece, taken });
  }

  /** Ends the body; `finish` is called when all pieces were sent. */
  end(finish: WriteCallback): void {
    if (this.#state === "stopped") {
      process.nextTick(finish);
      return;
    }
    this.#state = "ended";
    this.#finish = finish;
    if (this.#waiter === undefined) return;
    this.#waiter.resolve(this.#done());
    this.#waiter = undefined;
  }

  /** Fails the body, which cannot be completed. */
  fail(reason: unknown): void {
    this.#error ??= { reason };
    this.#waiter?.reject(reason);
    this.#waiter = undefined;
  }

  next(): Promise<Result> {
    if (this.#error !== undefined) return Promise.reject(this.#error.reason);
    const next = this.#pieces.shift();
    if (next !== undefined) {
      this.#buffered -= next.piece.length;
      if (next.taken !== undefined) process.nextTick(next.taken);
      if (this.#needsDrain && this.#buffered < HIGH_WATER_MARK) {
        this.#needsDrain = false;
        process.nextTick(this.#onDrain);
      }
      return Promise.resolve({ done: false, value: next.piece });
    }
    if (this.#state !== "open") return Promise.resolve(this.#done());
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /** Discards the rest: from now on, what the listener writes is dropped. */
  return(): Promise<Result> {
    const hadEnded = this.#state === "ended";
    this.#state = "stopped";
    for (const { taken } of this.#pieces.splice(0)) if (taken !== undefined) process.nextTick(taken);
    this.#buffered = 0;
    if (this.#needsDrain) process.nextTick(this.#onDrain);
    this.#needsDrain = false;
    return Promise.resolve(hadEnded ? this.#done() : { done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #done(): Result {
    const finish = this.#finish;
    this.#finish = undefined;
    if (finish !== undefined) process.nextTick(finish);
    return { done: true, value: undefined };
  }
}
