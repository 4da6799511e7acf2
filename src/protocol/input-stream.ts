import { ByteCollector } from "./byte-collector.js";
import { compact } from "./compact.js";

/** Pieces below this size are joined while they wait, so that many tiny records cost no more than their bytes. */
const SMALL_PIECE = 1024;
/** Joined small pieces become one piece at this size. */
const JOINED_PIECE = 16 * 1024;

/** Called when bytes leave the stream, so that the peer may send more; with 0 when a reader begins to wait. */
export type ConsumedListener = (bytes: number) => void;

type Waiter = { resolve: (piece: Buffer | undefined) => void; reject: (reason: unknown) => void };

/**
 * One input stream of a request, STDIN or DATA: the connection fills it, one reader empties it. It never refuses a piece:
 * the connection watches {@link buffered} and stops reading the socket.
 */
export class InputStream {
  readonly #consumed: ConsumedListener;
  readonly #pieces: Buffer[] = [];
  #tail: ByteCollector | undefined;
  #waiter: Waiter | undefined;
  #ended = false;
  #error: { readonly reason: unknown } | undefined;
  #discarding = false;
  /** Called when a piece has arrived that no reader waits for, and at the end; for a reader that does not wait. */
  arrived: (() => void) | undefined;
  /** Bytes that have arrived and wait for the reader. */
  buffered = 0;
  /** Bytes that have arrived so far. */
  received = 0;

  constructor(consumed: ConsumedListener) {
    this.#consumed = consumed;
  }

  /** Whether the peer has closed the stream. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether a read waits for the next piece. */
  get awaited(): boolean {
    return this.#waiter !== undefined;
  }

  /** Adds a piece that arrived; it must not be empty. */
  push(piece: Buffer): void {
    this.received += piece.length;
    if (this.#discarding || this.#error !== undefined) {
      this.#consumed(piece.length);
      return;
    }
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = undefined;
      waiter.resolve(piece);
      this.#consumed(piece.length);
      return;
    }
    this.buffered += piece.length;
    if (piece.length >= SMALL_PIECE && this.#tail === undefined) {
      this.#pieces.push(compact(piece));
    } else {
      this.#tail ??= new ByteCollector();
      this.#tail.push(piece);
      if (this.#tail.length >= JOINED_PIECE) this.#closeTail();
    }
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
   * Takes everything that has arrived as one buffer if the stream has ended; undefined while it is open. For bodies that
   * came together with their request, without a promise.
   */
  takeWhole(): Buffer | undefined {
    if (!this.#ended || this.#error !== undefined || this.#discarding) return undefined;
    this.#closeTail();
    const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#drop();
    return whole;
  }

  /** The next piece if it has arrived, without a promise; undefined if {@link read} must decide. */
  take(): Buffer | undefined {
    if (this.#error !== undefined) return undefined;
    if (this.#pieces.length === 0) this.#closeTail();
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.buffered -= piece.length;
      this.#consumed(piece.length);
    }
    return piece;
  }

  /**
   * The next piece, or undefined after the last one. Only one read may wait at a time.
   *
   * @throws the reason given to {@link fail}
   */
  read(): Promise<Buffer | undefined> {
    if (this.#error !== undefined) return Promise.reject(this.#error.reason);
    const piece = this.take();
    if (piece !== undefined) return Promise.resolve(piece);
    if (this.#ended || this.#discarding) return Promise.resolve(undefined);
    if (this.#waiter !== undefined) {
      return Promise.reject(new TypeError("Cannot read input: another read is still waiting"));
    }
    return new Promise((resolve, reject) => {
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

  #closeTail(): void {
    if (this.#tail === undefined) return;
    this.#pieces.push(this.#tail.take());
    this.#tail = undefined;
  }

  #drop(): void {
    const dropped = this.buffered;
    this.#pieces.length = 0;
    this.#tail = undefined;
    this.buffered = 0;
    if (dropped > 0) this.#consumed(dropped);
  }

  #wake(how: (waiter: Waiter) => void): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter !== undefined) how(waiter);
  }
}
