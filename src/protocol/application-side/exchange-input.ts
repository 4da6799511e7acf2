import type { AbortedError } from "../../errors.js";
import { InputStream } from "../input-stream.js";

/** What the input of an exchange needs of it. */
export interface InputOwner {
  readonly stdinEnded: boolean;
  readonly ended: boolean;
  readonly aborted: AbortedError | undefined;
}

/** Receives what is consumed of the input. */
export interface InputHost {
  /** Bytes of input were read or dropped; 0 if a reader begins to wait. */
  inputConsumed(bytes: number): void;
}

/**
 * STDIN and DATA of one exchange, each made when it is first used. It reports since when they have not moved; the caller
 * asks from time to time with a later `now`, and nothing is noted in between.
 */
export class ExchangeInput {
  readonly #owner: InputOwner;
  readonly #host: InputHost;
  #stdin: InputStream | undefined;
  #data: InputStream | undefined;
  /** When a reader was first seen waiting without anything arriving; and how much had arrived then. */
  #starvedSince = Infinity;
  #receivedThen = -1;
  /** When unread input was first seen without a reader; and how much had been read then. */
  #unreadSince = Infinity;
  #takenThen = -1;

  constructor(owner: InputOwner, host: InputHost) {
    this.#owner = owner;
    this.#host = host;
  }

  get stdin(): InputStream {
    if (this.#stdin === undefined) {
      this.#stdin = this.#open();
      if (this.#owner.stdinEnded) this.#stdin.end();
      this.#endIfLate(this.#stdin);
    }
    return this.#stdin;
  }

  get data(): InputStream {
    if (this.#data === undefined) {
      this.#data = this.#open();
      this.#endIfLate(this.#data);
    }
    return this.#data;
  }

  #open(): InputStream {
    return new InputStream((bytes) => this.#host.inputConsumed(bytes));
  }

  #endIfLate(input: InputStream): void {
    const { aborted, ended } = this.#owner;
    if (aborted !== undefined) input.fail(aborted);
    // Too late: nothing more comes, so a reader must not wait.
    else if (ended) input.discard();
  }

  /** Whether the Web server has closed DATA. */
  get dataEnded(): boolean {
    return this.#data?.ended ?? false;
  }

  /** The Web server has closed STDIN. */
  endStdin(): void {
    this.#stdin?.end();
  }

  /** Bytes that have arrived in both streams. */
  get received(): number {
    return (this.#stdin?.received ?? 0) + (this.#data?.received ?? 0);
  }

  /** The larger of the amounts of bytes that wait in a stream. */
  get buffered(): number {
    return Math.max(this.#stdin?.buffered ?? 0, this.#data?.buffered ?? 0);
  }

  /** Breaks the open streams. */
  fail(reason: AbortedError): void {
    this.#stdin?.fail(reason);
    this.#data?.fail(reason);
  }

  /** Drops the input that waits and all that still comes. */
  discard(): void {
    this.#stdin?.discard();
    this.#data?.discard();
  }

  /** Since when a reader has waited for input without any arriving; Infinity while none waits. */
  starvedSince(now: number): number {
    const streams = this.#streams;
    const received = sum(streams, (input) => input.received);
    if (!streams.some((input) => input.awaited)) this.#starvedSince = Infinity;
    else if (received !== this.#receivedThen || this.#starvedSince === Infinity) this.#starvedSince = now;
    this.#receivedThen = received;
    return this.#starvedSince;
  }

  /** Since when `bytes` or more have waited in a stream and none was read; Infinity while fewer wait. */
  unreadSince(now: number, bytes: number): number {
    if (this.buffered < bytes) {
      this.#unreadSince = Infinity;
      return Infinity;
    }
    const taken = sum(this.#streams, (input) => input.received - input.buffered);
    if (taken !== this.#takenThen || this.#unreadSince === Infinity) this.#unreadSince = now;
    this.#takenThen = taken;
    return this.#unreadSince;
  }

  get #streams(): readonly InputStream[] {
    return [this.#stdin, this.#data].filter((input) => input !== undefined);
  }
}

function sum(inputs: readonly InputStream[], bytesOf: (input: InputStream) => number): number {
  return inputs.reduce((total, input) => total + bytesOf(input), 0);
}
