import type { Application } from "../protocol/application-side/application.js";
import type { ApplicationSide } from "../protocol/application-side/application-side.js";
import type { ValueName } from "../protocol/constants.js";
import type { ServerLimits, ServerTimeouts } from "./options.js";

/** What the connections of one server share. */
export interface ConnectionOwner<Connection> {
  readonly application: Application;
  readonly limits: ServerLimits;
  readonly timeouts: ServerTimeouts;
  readonly values: Readonly<Record<ValueName, string>>;
  /** What the clock said when deadlines were looked at last; ms. */
  readonly now: number;
  /** Whether one more request may be active. */
  admit(): boolean;
  /** The number of active requests has changed by so many. */
  activeChanged(by: number): void;
  /** Whether the input that waits for handlers in all connections is more than the server holds. */
  readonly inputFull: boolean;
  /** The number of input bytes that wait has changed by so many. */
  bufferedChanged(by: number): void;
  /** The peer did what it must not do, or a fault of our own was caught; nothing that a peer sent is in it. */
  report(error: Error): void;
  closed(connection: Connection): void;
}

/** How many requests and bytes of one connection its owner knows of: it is told of each change, once. */
export class OwnerCounts {
  readonly #owner: ConnectionOwner<never>;
  readonly #side: ApplicationSide;
  /** Active requests. */
  active = 0;
  /** Bytes of input that wait. */
  bytes = 0;

  constructor(owner: ConnectionOwner<never>, side: ApplicationSide) {
    this.#owner = owner;
    this.#side = side;
  }

  /** Tells how many requests are active now. Returns whether that is another number than before. */
  countActive(): boolean {
    const active = this.#side.activeCount;
    if (active === this.active) return false;
    this.#owner.activeChanged(active - this.active);
    this.active = active;
    return true;
  }

  /** Tells how many bytes of input wait now. */
  countBytes(): void {
    const bytes = this.#side.buffered;
    if (bytes === this.bytes) return;
    this.#owner.bufferedChanged(bytes - this.bytes);
    this.bytes = bytes;
  }
}
