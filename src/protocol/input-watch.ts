import type { InputStream } from "./input-stream.js";

/** The input streams of one request, as far as they were opened. */
export type Inputs = readonly InputStream[];

/**
 * Watches since when the input of a request has not moved. It is asked from time to time, always with a later `now`; what
 * happens in between costs nothing.
 */
export class InputWatch {
  /** When a reader was first seen waiting without anything arriving; and how much had arrived then. */
  #starvedSince = Infinity;
  #receivedThen = -1;
  /** When unread input was first seen without anybody reading; and how much had been read then. */
  #unreadSince = Infinity;
  #takenThen = -1;

  /** Since when a reader has waited for input without any arriving; Infinity while none waits. */
  starvedSince(inputs: Inputs, now: number): number {
    const received = sum(inputs, (input) => input.received);
    if (!inputs.some((input) => input.awaited)) this.#starvedSince = Infinity;
    else if (received !== this.#receivedThen || this.#starvedSince === Infinity) this.#starvedSince = now;
    this.#receivedThen = received;
    return this.#starvedSince;
  }

  /** Since when nobody has read any of the input that waits. */
  unreadSince(inputs: Inputs, now: number): number {
    const taken = sum(inputs, (input) => input.received - input.buffered);
    if (taken !== this.#takenThen || this.#unreadSince === Infinity) this.#unreadSince = now;
    this.#takenThen = taken;
    return this.#unreadSince;
  }

  /** So much waits no more that anybody would have to read it. */
  forgetUnread(): void {
    this.#unreadSince = Infinity;
  }
}

function sum(inputs: Inputs, bytesOf: (input: InputStream) => number): number {
  return inputs.reduce((total, input) => total + bytesOf(input), 0);
}
