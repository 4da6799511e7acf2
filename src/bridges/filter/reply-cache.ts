import { LRUCache } from "lru-cache";

import type { Params } from "../../protocol/params.js";
import { ReplyHeaders } from "../../http/header-fields.js";
import { Reply } from "../../roles/reply.js";
import { isPublic } from "./audience.js";
import { Variants, variantOf, type ReadNames } from "./variant.js";

/** What an entry costs beside what it holds: objects, and its place in the cache. */
const OVERHEAD = 512;

/** A filter's reply of status 200 that is kept with its whole body. It never changes. */
export class CachedReply {
  /** The body, of which only views are handed out. */
  readonly body: Buffer;
  readonly #headers: ReplyHeaders;
  readonly #type: string | null | undefined;
  /** Whether it says itself that everybody may have it. */
  readonly isPublic: boolean;
  /** The params that were read for it. */
  readonly names: ReadNames;
  /** What it costs in memory, in bytes. */
  readonly bytes: number;

  /** Keeps what the reply says at this moment. The body must not be changed by anybody afterwards. */
  constructor(reply: Reply, body: Buffer, { names }: { readonly names: ReadNames }) {
    this.body = body;
    this.names = names;
    this.#type = reply.type;
    // It follows from the body, or from the part of it that is sent.
    this.#headers = new ReplyHeaders(reply.headers).delete("content-length");
    this.isPublic = isPublic(reply);
    let bytes = OVERHEAD + body.length;
    for (const [name, value] of this.#headers) bytes += name.length + value.length;
    this.bytes = bytes;
  }

  /** A reply for one request, which whoever gets it may change. */
  toReply(): Reply {
    return new Reply(this.body, { status: 200, type: this.#type, headers: this.#headers });
  }
}

/** What part of the cache one entry may fill, so that a large one does not drive out all others. */
const ENTRY_PART = 1 / 8;

/** A request that makes what others wait for. */
export class Flight {
  /** Resolves when what it made is kept, or will not be. Never rejects. */
  readonly landed: Promise<void>;
  #land!: () => void;

  constructor() {
    this.landed = new Promise((resolve) => {
      this.#land = resolve;
    });
  }

  /** Lets go of those who wait; only the first call counts. */
  land(): void {
    this.#land();
  }
}

/**
 * The replies that are kept, the least recently used of which go when they need more bytes than allowed; and the flights
 * of those that are being made.
 */
export class ReplyCache {
  readonly #entries: LRUCache<string, CachedReply>;
  readonly #variants = new Variants();
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

  /** The reply to a request with this key and these params, where all that was read for one is the same. */
  get(key: string, params: Params): CachedReply | undefined {
    const variant = this.#variants.find(key, params);
    return variant === undefined ? undefined : this.#entries.get(placeOf(key, variant.id));
  }

  /** Keeps the reply to a request with this key and these params, unless it is too large. */
  set(key: string, params: Params, entry: CachedReply): void {
    const variant = variantOf(entry.names, params);
    for (const id of this.#variants.learn(key, variant)) this.#entries.delete(placeOf(key, id));
    this.#entries.set(placeOf(key, variant.id), entry);
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

function placeOf(key: string, id: string): string {
  return `${key} ${id}`;
}
