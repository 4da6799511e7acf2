import { ReplyHeaders } from "../../http/header-fields.js";
import { Reply } from "../../roles/reply.js";
import { isPublic } from "./audience.js";
import type { ReadNames } from "./variant.js";

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
