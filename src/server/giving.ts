import { HandOver, type Offer } from "./hand-over.js";

/** Connections that go at once: those that go are not read for a moment. */
const MOST_GIVEN = 64;
/** The part of what the busiest connection brings that must be too much for it to go although its receiver has more then. */
const ROTATES = 0.15;

/** What a server is to give to other processes. */
export interface Gift {
  /** Its share of the load that is too much: requests a second, and connections. */
  readonly load: number;
  /** How much more it has than the process that has least. */
  readonly gap: number;
}

/** A connection that can be given away. */
export interface Givable {
  /** Requests a second that it brings. */
  readonly rate: number;
  /** Takes its rate anew, so many ms after the last time. */
  measure(elapsed: number): void;
  /** Whether it stays open after its request. */
  readonly isKept: boolean;
  /** Hands it over as soon as it is idle. */
  give(handOver: HandOver): void;
  /** Serves it on. */
  keep(): void;
}

/** A server that gives. */
export interface Giver {
  readonly connections: Iterable<Givable>;
  /** All of its load. */
  readonly load: number;
  readonly offer: Offer;
}

/**
 * Gives a part of a server's load to other processes: kept connections that bring that many requests, and if there are none, a part
 * of the connections that are accepted from now on. Each connection counts as one request more than it brings.
 */
export class Giving {
  readonly #handOver: HandOver;
  readonly #chosen: readonly Givable[];
  /** The part of new connections that goes. */
  readonly #part: number;
  #owed = 0;

  constructor(gift: Gift, { connections, load, offer }: Giver) {
    this.#handOver = new HandOver(offer, "give");
    this.#chosen = chosenFor(gift, connections);
    const left = gift.load - this.#chosen.reduce((sum, connection) => sum + loadOf(connection), 0);
    this.#part = left > 0 && load > 0 ? Math.min(left / load, 1) : 0;
    for (const connection of this.#chosen) connection.give(this.#handOver);
  }

  /** A connection was accepted. */
  accepted(connection: Givable): void {
    this.#owed += this.#part;
    if (this.#owed < 1) return;
    this.#owed -= 1;
    connection.give(this.#handOver);
  }

  /** Gives no more. */
  end(): void {
    for (const connection of this.#chosen) connection.keep();
  }
}

/** The kept connections whose load makes up a gift: those with the most requests first. */
export function chosenFor<C extends Pick<Givable, "rate" | "isKept">>(
  { load, gap }: Gift,
  connections: Iterable<C>,
): readonly C[] {
  const kept = [...connections].filter(({ isKept }) => isKept).toSorted((a, b) => b.rate - a.rate);
  let left = load;
  const chosen: C[] = [];
  for (const connection of kept) {
    const one = loadOf(connection);
    if (one > left || chosen.length === MOST_GIVEN) continue;
    chosen.push(connection);
    left -= one;
  }
  if (left <= load / 2) return chosen;
  // What brings more than is too much still evens out if the receiver has less than this process then.
  const even = kept.findLast((connection) => loadOf(connection) > load && loadOf(connection) < gap);
  if (even !== undefined) return [even];
  // Behind nginx one connection may bring most requests. It goes from one process to the next: over time all have had it.
  const [busiest] = kept;
  return busiest !== undefined && loadOf(busiest) > load && load > loadOf(busiest) * ROTATES
    ? [busiest]
    : chosen;
}

function loadOf({ rate }: Pick<Givable, "rate">): number {
  return rate + 1;
}
