import type { AbortedError } from "../../errors.js";

/** What listens for the early end and the end of one exchange. Made with the first listener: most requests have none. */
export class ExchangeListeners {
  #abort: ((reason: AbortedError) => void)[] | undefined;
  #warning: ((reason: AbortedError) => void)[] | undefined;
  #end: (() => void)[] | undefined;

  /** Whether anything listens for an abort or its warning. */
  get watched(): boolean {
    return this.#abort !== undefined || this.#warning !== undefined;
  }

  onAbort(listener: (reason: AbortedError) => void): void {
    (this.#abort ??= []).push(listener);
  }

  onWarning(listener: (reason: AbortedError) => void): void {
    (this.#warning ??= []).push(listener);
  }

  onEnd(listener: () => void): void {
    (this.#end ??= []).push(listener);
  }

  /** Calls those that listen for a warning, once. */
  warn(reason: AbortedError): void {
    const listeners = this.#warning;
    this.#warning = undefined;
    callAll(listeners, reason);
  }

  /** Calls those that listen for an abort, once; those for a warning first. */
  abort(reason: AbortedError): void {
    this.warn(reason);
    const listeners = this.#abort;
    this.#abort = undefined;
    callAll(listeners, reason);
  }

  /** The answer is complete: an abort can no longer come. */
  forgetAborts(): void {
    this.#abort = undefined;
  }

  /** Calls those that listen for the end, once. */
  end(): void {
    const listeners = this.#end;
    this.#end = undefined;
    callAll(listeners, undefined);
  }
}

function callAll<T>(listeners: ((value: T) => void)[] | undefined, value: T): void {
  if (listeners === undefined) return;
  for (const listener of listeners) callListener(listener, value);
}

/** Calls a listener. One that throws harms neither the connection nor the next listener: it fails as an uncaught exception. */
export function callListener<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
