import type { Exchange } from "./exchange.js";

/**
 * The exchanges that wait until their connection takes output again. One is woken in each turn of the event loop, so that
 * none can keep the others from writing, and a producer that never pauses cannot block the process.
 */
export class OutputTurns {
  readonly #writable: () => boolean;
  readonly #waiting: { readonly exchange: Exchange; readonly resolve: () => void }[] = [];
  /** Whether an exchange will be woken in the next turn. */
  #waking = false;

  /** @param writable whether output is taken now */
  constructor(writable: () => boolean) {
    this.#writable = writable;
  }

  /** Resolves when it is the turn of this exchange, or when it is aborted. */
  wait(exchange: Exchange): Promise<void> {
    if (this.#writable()) return Promise.resolve();
    return new Promise((resolve) => {
      // Not at once: a producer that asks again and again would block the process.
      if (exchange.aborted !== undefined) setImmediate(resolve);
      else this.#waiting.push({ exchange, resolve });
    });
  }

  /** Output is taken again: wakes the next exchange, then the others as long as it is. */
  wakeSoon(): void {
    if (this.#waking || this.#waiting.length === 0) return;
    this.#waking = true;
    setImmediate(this.#wakeNext);
  }

  /** Wakes an exchange out of turn, because it was aborted. */
  wake(exchange: Exchange): void {
    const index = this.#waiting.findIndex((entry) => entry.exchange === exchange);
    if (index >= 0) this.#waiting.splice(index, 1)[0]!.resolve();
  }

  /** Wakes all, because the connection is gone. */
  wakeAll(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  readonly #wakeNext = (): void => {
    this.#waking = false;
    if (!this.#writable()) return;
    this.#waiting.shift()?.resolve();
    this.wakeSoon();
  };
}
