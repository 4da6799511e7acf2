import { LRUCache } from "lru-cache";

import type { Params } from "../../protocol/params.js";
import { ReplyHeaders } from "../../http/header-fields.js";
import { Reply } from "../../roles/reply.js";
import { isPublic } from "./audience.js";
import { VariantIndex, variantOf, type ReadNames } from "./variant.js";

/** The cost of an entry besides its content, in bytes: objects and bookkeeping. */
const OVERHEAD = 512;

/** A cached reply of status 200 with its complete body. Immutable. */
export class CachedReply {
  /** The body; only views of it are passed out. */
  readonly body: Buffer;
  readonly #headers: ReplyHeaders;
  readonly #type: string | null | undefined;
  /** Whether it is marked public. */
  readonly isPublic: boolean;
  /** The params that were read for it. */
  readonly names: ReadNames;
  /** Its cost in memory, in bytes. */
  readonly bytes: number;

  /** Keeps the current state of the reply. The body must not change afterwards. */
  constructor(reply: Reply, body: Buffer, { names }: { readonly names: ReadNames }) {
    this.body = body;
    this.names = names;
    this.#type = reply.type;
    // It follows from the body, or from the range that is sent.
    this.#headers = new ReplyHeaders(reply.headers).delete("content-length");
    this.isPublic = isPublic(reply);
    let bytes = OVERHEAD + body.length;
    for (const [name, value] of this.#headers) bytes += name.length + value.length;
    this.bytes = bytes;
  }

  /** A reply for one request, which the receiver may change. */
  toReply(): Reply {
    return new Reply(this.body, { status: 200, type: this.#type, headers: this.#headers });
  }
}

/** The largest part of the cache that one entry may take, so that it does not evict all others. */
const ENTRY_PART = 1 / 8;

/** A reply that one request makes and others wait for. */
export class PendingReply {
  /** Resolves when the reply is cached, or will not be. Never rejects. */
  readonly settled: Promise<void>;
  #resolve!: () => void;

  constructor() {
    this.settled = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Resumes the waiting requests; only the first call has an effect. */
  settle(): void {
    this.#resolve();
  }
}

/**
 * Cached replies, of which the least recently used are evicted when they need more bytes than allowed; and the replies that
 * are being made.
 */
export class ReplyCache {
  readonly #entries: LRUCache<string, CachedReply>;
  readonly #variants = new VariantIndex();
  readonly #pending = new Map<string, PendingReply>();
  /** The largest body that is kept, in bytes. */
  readonly largestBody: number;

  /** @param bytes how much memory the replies may take, a positive number */
  constructor({ bytes }: { readonly bytes: number }) {
    const maxSize = Math.max(1, Math.floor(bytes));
    const maxEntrySize = Math.max(1, Math.floor(maxSize * ENTRY_PART));
    this.largestBody = maxEntrySize;
    this.#entries = new LRUCache({
      maxSize,
      maxEntrySize,
      // At most two bytes for each character of the key.
      sizeCalculation: (entry, key) => entry.bytes + 2 * key.length,
    });
  }

  /** The cached reply for a request with this key and these params, if all that was read for it is the same. */
  get(key: string, params: Params): CachedReply | undefined {
    const variant = this.#variants.find(key, params);
    return variant === undefined ? undefined : this.#entries.get(entryKey(key, variant.id));
  }

  /** Caches the reply to a request with this key and these params, unless it is too large. */
  set(key: string, params: Params, entry: CachedReply): void {
    const variant = variantOf(entry.names, params);
    for (const id of this.#variants.learn(key, variant)) this.#entries.delete(entryKey(key, id));
    this.#entries.set(entryKey(key, variant.id), entry);
  }

  /** The reply of this key that is being made; undefined if none is. */
  pendingReply(key: string): PendingReply | undefined {
    return this.#pending.get(key);
  }

  /** Registers the caller as the maker of the reply of this key. It must settle the returned reply in every case. */
  begin(key: string): PendingReply {
    const pending = new PendingReply();
    this.#pending.set(key, pending);
    void pending.settled.then(() => this.#pending.delete(key));
    return pending;
  }
}

function entryKey(key: string, id: string): string {
  return `${key} ${id}`;
}
