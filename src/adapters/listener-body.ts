import type { BodyPiece } from "../roles/reply.js";

/** So many bytes may wait before a listener is asked to do so too. */
const HIGH_WATER = 64 * 1024;

type Result = IteratorResult<BodyPiece, undefined>;
type Callback = (error?: Error | null) => void;

/** The body that a listener writes, as the iterable that a reply is sent from. */
export class ListenerBody implements AsyncIterableIterator<BodyPiece> {
  readonly #drained: () => void;
  readonly #pieces: { readonly piece: BodyPiece; readonly taken: Callback | undefined }[] = [];
  #waiter: { resolve: (result: Result) => void; reject: (error: unknown) => void } | undefined;
  #held = 0;
  /** Bytes that were written. */
  bytes = 0;
  #needsDrain = false;
  #finish: Callback | undefined;
  #state: "open" | "ended" | "stopped" = "open";
  #error: { readonly reason: unknown } | undefined;

  constructor(drained: () => void) {
    this.#drained = drained;
  }

  /** Whether more may be written at once; otherwise it is told when that is so. */
  get isHungry(): boolean {
    if (this.#held < HIGH_WATER || this.#state === "stopped") return true;
    this.#needsDrain = true;
    return false;
  }

  /** Whether all of it was taken. */
  get isOver(): boolean {
    return this.#state !== "open" && this.#finish === undefined;
  }

  /** Adds a piece. One that is empty, and the first, has the head sent. */
  push(piece: BodyPiece, taken?: Callback): void {
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
    this.#held += piece.length;
    this.#pieces.push({ piece, taken });
  }

  /** No further piece comes; `finish` is called when all were taken. */
  end(finish: Callback): void {
    if (this.#state === "stopped") {
      process.nextTick(finish);
      return;
    }
    this.#state = "ended";
    this.#finish = finish;
    if (this.#waiter === undefined) return;
    this.#waiter.resolve(this.#over());
    this.#waiter = undefined;
  }

  /** The body cannot be completed. */
  fail(reason: unknown): void {
    this.#error ??= { reason };
    this.#waiter?.reject(reason);
    this.#waiter = undefined;
  }

  next(): Promise<Result> {
    if (this.#error !== undefined) return Promise.reject(this.#error.reason);
    const next = this.#pieces.shift();
    if (next !== undefined) {
      this.#held -= next.piece.length;
      if (next.taken !== undefined) process.nextTick(next.taken);
      if (this.#needsDrain && this.#held < HIGH_WATER) {
        this.#needsDrain = false;
        process.nextTick(this.#drained);
      }
      return Promise.resolve({ done: false, value: next.piece });
    }
    if (this.#state !== "open") return Promise.resolve(this.#over());
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /** Nobody wants the rest: the listener writes on to nobody. */
  return(): Promise<Result> {
    const hadEnded = this.#state === "ended";
    this.#state = "stopped";
    for (const { taken } of this.#pieces.splice(0)) if (taken !== undefined) process.nextTick(taken);
    this.#held = 0;
    if (this.#needsDrain) process.nextTick(this.#drained);
    this.#needsDrain = false;
    return Promise.resolve(hadEnded ? this.#over() : { done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #over(): Result {
    const finish = this.#finish;
    this.#finish = undefined;
    if (finish !== undefined) process.nextTick(finish);
    return { done: true, value: undefined };
  }
}
