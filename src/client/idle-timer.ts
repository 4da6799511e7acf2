import type { Duplex } from "node:stream";

import { after } from "./after.js";

/** Watches an idle connection: it expires after a while, and does not keep the process alive until then. */
export class IdleTimer {
  readonly #transport: Duplex;
  readonly #timeout: number;
  readonly #expired: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param timeout milliseconds until `expired` is called */
  constructor(transport: Duplex, timeout: number, expired: () => void) {
    this.#transport = transport;
    this.#timeout = timeout;
    this.#expired = expired;
  }

  /** The connection is idle. */
  start(): void {
    setReferenced(this.#transport, false);
    clearTimeout(this.#timer);
    this.#timer = after(this.#timeout, this.#expired);
    this.#timer?.unref();
  }

  /** The connection is in use. */
  stop(): void {
    clearTimeout(this.#timer);
    setReferenced(this.#transport, true);
  }

  /** The connection is closed. */
  end(): void {
    clearTimeout(this.#timer);
  }
}

/** A socket can keep the process alive or not; other duplex streams cannot. */
function setReferenced(transport: Duplex, referenced: boolean): void {
  const method: unknown = Reflect.get(transport, referenced ? "ref" : "unref");
  if (typeof method === "function") method.call(transport);
}
