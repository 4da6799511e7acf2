import type { FileContent } from "../../files/file-content.js";
import type { BodyPiece, Pieces, PieceSource } from "../../body/pieces.js";
import type { ParamsReading } from "../../protocol/observed-params.js";
import type { FilterRequest } from "../../roles/filter-request.js";
import { formatHttpDate } from "../../http/http-date.js";
import type { Next } from "../../roles/middleware.js";
import { Reply } from "../../roles/reply.js";
import type { RequestHeaders } from "../../http/request-headers.js";
import { BYTES, TEXT, contentOf, isProduced } from "../../roles/reply-content.js";
import { announcedLength } from "../../roles/send-reply.js";
import { isSameForAll, type Audience } from "./audience.js";
import { rangedReply, underConditions } from "./conditional-reply.js";
import { namesRead, type ReadNames, type Variant } from "./variant.js";
import { watchedBody } from "./watched-body.js";
import { CachedReply } from "./reply-cache.js";
import type { CacheSlot, FilteredSource, ReplySource } from "./reply-source.js";
import { collectStart } from "./collected-start.js";
import type { FileValidators } from "./filtered-file.js";
import { keptBody, exactly } from "./kept-body.js";

interface CollectedFacts {
  readonly content: FileContent;
  readonly slot: CacheSlot;
  readonly announced: number | undefined;
}

/** How to answer one request for a filtered file. */
export interface VisitFacts {
  readonly source: ReplySource;
  readonly audience: Audience;
  readonly validatorsOf: (variant: Variant) => FileValidators;
  /** The header fields of the request. Reading these is not recorded. */
  readonly headers: RequestHeaders;
  /** The variant of the request if these names are read. */
  readonly variantOf: (names: ReadNames) => Variant;
  /** The params that were read so far. */
  readonly reading: () => ParamsReading;
  /** The variant, if it is known that nothing else is read for such a request. */
  readonly known: Variant | undefined;
  /** Receives, for each reply of status 200, its variant, or "own" if it has validators of its own. */
  readonly learn: (variant: Variant | "own") => void;
}

const REVALIDATED = "no-cache";
const PRIVATE = "private, no-cache";

/**
 * One request for a filtered file. Its two halves run at the two ends of the filter's middleware: {@link inside} replaces
 * the filter or caches its reply, so that middleware sees every request and nothing that middleware adds for one client is
 * cached for another; {@link outside} adds validators and Cache-Control to the final reply, and evaluates the conditions
 * and ranges of the client.
 */
export class FileVisit {
  readonly #facts: VisitFacts;
  /** The cached body, of which ranges can be sent. */
  #kept: Buffer | undefined;

  constructor(facts: VisitFacts) {
    this.#facts = facts;
  }

  readonly inside = async (_request: FilterRequest, next: Next): Promise<Reply> => {
    const { source } = this.#facts;
    switch (source.kind) {
      case "cached":
        this.#kept = source.entry.body;
        return source.entry.toReply();
      case "unchanged":
        return withValidators(new Reply(undefined, { status: 304 }), source.validators);
      case "filtered":
        return this.#keep(await next(), source);
    }
  };

  readonly outside = async (request: FilterRequest, next: Next): Promise<Reply> => {
    const { audience, headers, learn } = this.#facts;
    const reply = await next();
    if (request.method === "POST" || reply.status !== 200) {
      if (audience !== "anyone") setDefault(reply, PRIVATE);
      return reply;
    }
    const isSettled = await this.#isOfOneState(reply);
    // A filter that sets one validator depends on more than its file; adding the other one would claim too much.
    let isShared = isSettled && isSameForAll(reply, audience) && !hasValidators(reply);
    let source = isShared ? takeBody(reply) : undefined;
    if (source !== undefined && this.#mayBeCopy()) {
      source = await this.#collect(reply, source);
      isShared = source !== undefined || (await this.#isUnchanged());
    }
    const variant = this.#variantOf({ streamed: source !== undefined });
    const isComparable = isShared && this.#addValidators(reply, variant, source);
    // A personal reply says nothing about replies to other clients.
    if (isSettled && !isShared && audience === "anyone") learn("own");
    // Without it a cache may keep a reply with a Last-Modified for a while (RFC 9111, section 4.2.2).
    setDefault(reply, audience === "anyone" && variant?.id === "" ? REVALIDATED : PRIVATE);
    const answer = underConditions(reply, headers, { isComparable: !isShared || isComparable });
    // Middleware may have replaced the body.
    const kept = answer.status === 200 && answer.body === this.#kept ? this.#kept : undefined;
    return kept === undefined ? answer : rangedReply(answer, kept, { method: request.method, headers });
  };

  /**
   * Whether the client may have a copy of this reply, and only the end of the stream decides it: nothing is known yet about
   * what such streams read. A CGI program, which answers one request, never knows.
   */
  #mayBeCopy(): boolean {
    const { known, headers } = this.#facts;
    return known === undefined && (headers.has("if-none-match") || headers.has("if-modified-since"));
  }

  /** Waits for the end of a short stream; returns the source of a longer one. */
  async #collect(reply: Reply, source: PieceSource<BodyPiece>): Promise<PieceSource<BodyPiece> | undefined> {
    const collected = await collectStart(source);
    if (collected.kind === "begun") return collected.source;
    reply.body = collected.content;
    return undefined;
  }

  /** The variant of the reply, by what was read so far; undefined if no list of names covers it. */
  #variantOf({ streamed }: { readonly streamed: boolean }): Variant | undefined {
    const { known, variantOf } = this.#facts;
    if (streamed && known !== undefined) return known;
    const names = this.#namesRead();
    return names && variantOf(names);
  }

  /** The params that were read so far. */
  #namesRead(): ReadNames | undefined {
    const { source, reading } = this.#facts;
    const names = namesRead(reading());
    return names === undefined || source.kind !== "cached" ? names : mergeNames(names, source.entry.names);
  }

  /** Adds validators that follow from the file and from what was read. Returns whether they are final. */
  #addValidators(
    reply: Reply,
    variant: Variant | undefined,
    source: PieceSource<BodyPiece> | undefined,
  ): boolean {
    const { known, learn, variantOf, validatorsOf } = this.#facts;
    if (variant !== undefined) withValidators(reply, validatorsOf(variant));
    if (source === undefined) {
      if (variant !== undefined) learn(variant);
      return true;
    }
    reply.body = watchedBody(source, async () => {
      const names = this.#namesRead();
      if (names !== undefined && (await this.#isUnchanged())) learn(variantOf(names));
      return undefined;
    });
    return known !== undefined;
  }

  /** Caches the reply of the filter if there is a slot and it is the same for all clients. */
  async #keep(reply: Reply, { content, slot }: FilteredSource): Promise<Reply> {
    if (slot === undefined) return reply;
    if (!isSameForAll(reply, this.#facts.audience)) {
      slot.decline();
      return reply;
    }
    const announced = announcedLength(reply);
    const made = contentOf(reply.body);
    const { length, type } = made;
    if (made.kind === "streamed") {
      // Other requests would wait for this client.
      slot.decline();
      if (reply.type === undefined) reply.type = type;
      if (announced === undefined && length !== undefined) reply.headers.set("Content-Length", length);
      reply.body = this.#collected(reply, made.source, { content, slot, announced: announced ?? length });
      return reply;
    }
    const isHonest = announced === undefined || announced === made.length;
    const isKeepable = isHonest && made.length <= slot.largestBody && (await content.unchanged());
    // The reply may have read more just now.
    const names = this.#namesRead();
    if (!isKeepable || names === undefined) {
      slot.decline();
      return reply;
    }
    if (reply.type === undefined) reply.type = type;
    const entry = new CachedReply(reply, exactly(made.content), { names });
    slot.keep(entry);
    this.#kept = entry.body;
    return entry.toReply();
  }

  /** A stream that is cached at its end, with the current fields of its reply: middleware may change those later. */
  #collected(reply: Reply, source: PieceSource<BodyPiece>, facts: CollectedFacts): Pieces<BodyPiece> {
    const { content, slot, announced } = facts;
    const said = new Reply(undefined, { status: 200, type: reply.type, headers: reply.headers });
    return keptBody(source, {
      limit: slot.largestBody,
      keep: async (body, firstPiece) => {
        if ((announced ?? body.length) !== body.length || !(await content.unchanged())) return;
        if (said.type === undefined) said.type = typeof firstPiece === "string" ? TEXT : BYTES;
        const names = this.#namesRead();
        if (names !== undefined) slot.keep(new CachedReply(said, body, { names }));
      },
    });
  }

  /** Whether a complete reply was made from one state of the file. For a stream this is not known yet. */
  async #isOfOneState({ body }: Reply): Promise<boolean> {
    return isProduced(body) || this.#isUnchanged();
  }

  async #isUnchanged(): Promise<boolean> {
    const { source } = this.#facts;
    return source.kind !== "filtered" || source.content.unchanged();
  }
}

/** Converts the body to what is sent, so that nothing more is read for it; returns the source of a stream. */
function takeBody(reply: Reply): PieceSource<BodyPiece> | undefined {
  const made = contentOf(reply.body);
  if (reply.type === undefined) reply.type = made.type;
  if (made.kind === "whole") {
    reply.body = made.content;
    return undefined;
  }
  if (made.length !== undefined && announcedLength(reply) === undefined)
    reply.headers.set("Content-Length", made.length);
  return made.source;
}

function hasValidators({ headers }: Reply): boolean {
  return headers.has("etag") || headers.has("last-modified");
}

function mergeNames(some: ReadNames, others: ReadNames): ReadNames {
  return [...new Set([...some, ...others])].sort();
}

function withValidators(reply: Reply, { etag, lastModified }: FileValidators): Reply {
  reply.headers.set("ETag", etag);
  if (lastModified !== undefined) reply.headers.set("Last-Modified", formatHttpDate(lastModified));
  return reply;
}

function setDefault({ headers }: Reply, cacheControl: string): void {
  if (!headers.has("cache-control")) headers.set("Cache-Control", cacheControl);
}
