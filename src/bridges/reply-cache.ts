import { LRUCache } from "lru-cache";

import type { CachedReply } from "./cached-reply.js";

/** What part of the cache one entry may fill, so that a large one does not drive out all others. */
const ENTRY_PART = 1 / 8;

/** A request that makes what others wait for. */
export class Flight {
  /** What was made of it; undefined where that was not to be kept, or went wrong. Never rejects. */
  readonly landed: Promise<CachedReply | undefined>;
  #land!: (entry: CachedReply | undefined) => void;

  constructor() {
    this.landed = new Promise((resolve) => {
      this.#land = resolve;
    });
  }

  /** Lets go of those who wait; only the first call counts. */
  land(entry: CachedReply | undefined): void {
    this.#land(entry);
  }
}

/**
 * The replies that are kept, the least recently used of which go when they need more bytes than allowed; and the flights
 * of those that are being made.
 */
export class ReplyCache {
  readonly #entries: LRUCache<string, CachedReply>;
  readonly #flights = new Map<string, Flight>();
  /** The bytes of the largest body that is kept. */
  readonly largestBody: number;

  /** @param bytes how much memory the replies may take, a positive number */
  constructor({ bytes }: { readonly bytes: number }) {
    const maxSize = Math.max(1, Math.floor(bytes));
    const maxEntrySize = Math.max(1, Math.floor(maxSize * ENTRY_PART));
    this.largestBody = maxEntrySize;
    this.#entries = new LRUCache({
      maxSize,
      maxEntrySize,
      // Two bytes for each character of the key, at the most.
      sizeCalculation: (entry, key) => entry.bytes + 2 * key.length,
    });
  }

  get(key: string): CachedReply | undefined {
    return this.#entries.get(key);
  }

  /** Keeps a reply, unless it is too large. */
  set(key: string, entry: CachedReply): void {
    this.#entries.set(key, entry);
  }

  /** Who makes the reply of this key at the moment, if anybody does. */
  flightOf(key: string): Flight | undefined {
    return this.#flights.get(key);
  }

  /** Tells the others that the caller makes the reply of this key. The flight must land, whatever comes of it. */
  takeOff(key: string): Flight {
    const flight = new Flight();
    this.#flights.set(key, flight);
    void flight.landed.then(() => this.#flights.delete(key));
    return flight;
  }
}
