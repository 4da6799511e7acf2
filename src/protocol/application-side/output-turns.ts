import type { Exchange } from "./exchange.js";

/**
 * Who waits until a connection takes output again. Each is woken in turn, one in a turn of the event loop: so none can
 * keep the others from writing, and a producer that never pauses keeps nothing else in the process from its turn.
 */
export class OutputTurns {
  readonly #writable: () => boolean;
  readonly #waiting: { readonly exchange: Exchange; readonly resolve: () => void }[] = [];
  /** Whether somebody will be woken in the next turn. */
  #waking = false;

  /** @param writable whether output is taken at the moment */
  constructor(writable: () => boolean) {
    this.#writable = writable;
  }

  /** Resolves when it is the turn of this exchange, or when it was aborted. */
  wait(exchange: Exchange): Promise<void> {
    if (this.#writable()) return Promise.resolve();
    return new Promise((resolve) => {
      // Not at once: whoever asks again and again would keep everything else in the process from its turn.
      if (exchange.aborted !== undefined) setImmediate(resolve);
      else this.#waiting.push({ exchange, resolve });
    });
  }

  /** Output is taken again: wakes the next one, and then the others while it is. */
  wakeSoon(): void {
    if (this.#waking || this.#waiting.length === 0) return;
    this.#waking = true;
    setImmediate(this.#wakeNext);
  }

  /** Wakes an exchange out of turn: it was aborted. */
  wake(exchange: Exchange): void {
    const index = this.#waiting.findIndex((entry) => entry.exchange === exchange);
    if (index >= 0) this.#waiting.splice(index, 1)[0]!.resolve();
  }

  /** Wakes all: the connection is gone. */
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
