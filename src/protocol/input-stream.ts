import { HeldBytes } from "./held-bytes.js";
import { ownCopy } from "./own-memory.js";
import type { Segment } from "./segment.js";

/** Called when bytes leave the stream, so that the peer may send more; with 0 when a reader begins to wait. */
export type ConsumedListener = (bytes: number) => void;

type Waiter = { resolve: (piece: Buffer | undefined) => void; reject: (reason: unknown) => void };

/**
 * One input stream of a request, STDIN or DATA: the connection fills it, one reader empties it. It never refuses a piece:
 * the connection watches {@link buffered} and stops reading the socket.
 *
 * Pieces are copied as they arrive. {@link read} and {@link take} return memory that nothing else uses, which a handler
 * may keep; {@link lend} returns held bytes for a moment, and costs no further copy.
 */
export class InputStream {
  readonly #consumed: ConsumedListener;
  readonly #held = new HeldBytes();
  #waiter: Waiter | undefined;
  #arrival: (() => void) | undefined;
  #ended = false;
  #error: { readonly reason: unknown } | undefined;
  #discarding = false;
  /** Called when a piece has arrived that no reader waits for, and at the end; for a reader that does not wait. */
  arrived: (() => void) | undefined;
  /** Bytes that have arrived so far. */
  received = 0;

  constructor(consumed: ConsumedListener) {
    this.#consumed = consumed;
  }

  /** Whether the peer has closed the stream. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes that have arrived and wait for the reader. */
  get buffered(): number {
    return this.#held.length;
  }

  /** Whether a reader waits for the next piece. */
  get awaited(): boolean {
    return this.#waiter !== undefined || this.#arrival !== undefined;
  }

  /** Adds a piece that arrived; it must not be empty, and may change after this. */
  push(piece: Uint8Array): void {
    this.received += piece.length;
    if (this.#discarding || this.#error !== undefined) {
      this.#consumed(piece.length);
      return;
    }
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = undefined;
      waiter.resolve(ownCopy(piece));
      this.#consumed(piece.length);
      return;
    }
    this.#held.push(piece);
    this.#wakeArrival();
    this.arrived?.();
  }

  /** The peer closed the stream: what is buffered can still be read. */
  end(): void {
    this.#ended = true;
    this.#wake((waiter) => waiter.resolve(undefined));
    this.arrived?.();
  }

  /** Breaks the stream: the reader gets `reason`, what is buffered is dropped. */
  fail(reason: unknown): void {
    if (this.#error !== undefined || (this.#ended && this.buffered === 0)) return;
    this.#error = { reason };
    this.#drop();
    this.#wake((waiter) => waiter.reject(reason));
  }

  /** Drops what is buffered and what still comes, so that it holds nothing up. */
  discard(): void {
    this.#discarding = true;
    this.#drop();
    this.#wake((waiter) => waiter.resolve(undefined));
  }

  /**
   * Takes everything that has arrived if the stream has ended; undefined while it is open. For bodies that came together with
   * their request, without a promise.
   */
  lendWhole(): Segment | undefined {
    if (!this.#ended || this.#error !== undefined || this.#discarding) return undefined;
    const whole = this.#held.take();
    if (whole.length > 0) this.#consumed(whole.length);
    return whole;
  }

  /** The next bytes if some have arrived, for a reader that hides them and releases them soon; undefined if {@link ready} must decide. */
  lend(): Segment | undefined {
    const segment = this.#held.shift();
    if (segment !== undefined) this.#consumed(segment.length);
    return segment;
  }

  /**
   * Resolves when bytes have arrived that {@link lend} returns, or when none can follow.
   *
   * @throws the reason given to {@link fail}
   */
  async ready(): Promise<void> {
    if (this.#held.length === 0 && !this.#isOver) {
      this.#requireOnlyReader();
      await new Promise<void>((resolve) => {
        this.#arrival = resolve;
        this.#consumed(0);
      });
    }
    if (this.#error !== undefined) throw this.#error.reason;
  }

  /** The next piece if it has arrived, without a promise; undefined if {@link read} must decide. */
  take(): Buffer | undefined {
    return this.lend()?.own();
  }

  /**
   * The next piece, or undefined after the last one. Only one read may wait at a time.
   *
   * @throws the reason given to {@link fail}
   */
  read(): Promise<Buffer | undefined> {
    if (this.#error !== undefined) return Promise.reject(this.#error.reason);
    const piece = this.take();
    if (piece !== undefined || this.#isOver) return Promise.resolve(piece);
    return new Promise((resolve, reject) => {
      this.#requireOnlyReader();
      this.#waiter = { resolve, reject };
      this.#consumed(0);
    });
  }

  /** Reads to the end; a consumer that stops early discards the rest. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (let piece = await this.read(); piece !== undefined; piece = await this.read()) yield piece;
    } finally {
      this.discard();
    }
  }

  /** Whether nothing more can arrive for a reader. */
  get #isOver(): boolean {
    return this.#ended || this.#discarding || this.#error !== undefined;
  }

  #requireOnlyReader(): void {
    if (this.awaited) throw new TypeError("Cannot read input: another read is still waiting");
  }

  #drop(): void {
    const dropped = this.#held.length;
    this.#held.clear();
    if (dropped > 0) this.#consumed(dropped);
  }

  #wake(how: (waiter: Waiter) => void): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter !== undefined) how(waiter);
    this.#wakeArrival();
  }

  #wakeArrival(): void {
    const arrival = this.#arrival;
    this.#arrival = undefined;
    arrival?.();
  }
}
