import { Giving, type Givable, type Gift } from "./giving.js";
import type { Offer } from "./hand-over.js";
import { movingRate } from "./request-rate.js";

/** The load of a server beside others that listen on the same sockets: what comes to it, and what it gives to them. */
export class SharedLoad {
  readonly #connections: ReadonlySet<Givable>;
  /** Requests a second that came here: those of new connections that it gave away too, and not those that it was given. */
  #rate = 0;
  /** When that was measured, in ms, and all requests then. */
  #measuredAt = performance.now();
  #requests = 0;
  /** New connections that it has given away since then, less those that it was given. */
  #passed = 0;
  #giving: Giving | undefined;

  constructor(connections: ReadonlySet<Givable>) {
    this.#connections = connections;
  }

  /** Requests a second, and connections. */
  get value(): number {
    return this.#rate + this.#connections.size;
  }

  /** Takes the rate anew. @param requests all that have begun */
  measure(requests: number): void {
    const now = performance.now();
    const elapsed = now - this.#measuredAt;
    this.#rate = movingRate(this.#rate, { count: requests - this.#requests + this.#passed, elapsed });
    for (const connection of this.#connections) connection.measure(elapsed);
    this.#measuredAt = now;
    this.#requests = requests;
    this.#passed = 0;
  }

  /** A connection was accepted. */
  accepted(connection: Givable): void {
    this.#giving?.accepted(connection);
  }

  /** A connection comes from another server, with so many requests a second; undefined for a new one. */
  took(rate: number | undefined): void {
    if (rate === undefined) this.#passed -= 1;
    else this.#rate += rate;
  }

  /** Gives a part away; replaces what it gave before. */
  give(gift: Gift, offer: Offer): void {
    this.keep();
    if (gift.load <= 0) return;
    const counted: Offer = (connection, settle) => {
      const { rate } = connection;
      // The request of a new connection would have come here.
      if (rate === undefined) this.#passed += 1;
      offer(connection, (end) => {
        if (end === "taken") this.#rate -= Math.min(rate ?? 0, this.#rate);
        else if (rate === undefined) this.#passed -= 1;
        settle(end);
      });
    };
    this.#giving = new Giving(gift, {
      connections: this.#connections,
      load: this.value,
      offer: counted,
    });
  }

  /** Gives no more. */
  keep(): void {
    this.#giving?.end();
    this.#giving = undefined;
  }
}
