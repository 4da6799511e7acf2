import type { FileContent } from "../../files/file-content.js";
import type { BodyPiece, PieceSource } from "../../body/pieces.js";
import type { ParamsReading } from "../../protocol/observed-params.js";
import type { FilterRequest } from "../../roles/filter-request.js";
import { formatHttpDate } from "../../http/http-date.js";
import type { Next } from "../../roles/middleware.js";
import { Reply } from "../../roles/reply.js";
import type { RequestHeaders } from "../../http/request-headers.js";
import { BYTES, TEXT, contentOf, isProduced } from "../../roles/reply-content.js";
import { announcedLength } from "../../roles/send-reply.js";
import { isForEverybody, type Audience } from "./audience.js";
import { rangedReply, underConditions } from "./conditional-reply.js";
import { namesRead, type ReadNames, type Variant } from "./variant.js";
import { WatchedBody } from "./watched-body.js";
import { CachedReply } from "./reply-cache.js";
import { collectStart } from "./collected-start.js";
import type { FileValidators } from "./filtered-file.js";
import { KeptBody, exactly } from "./kept-body.js";

/** Where a reply can be kept. */
export interface Place {
  /** Bytes of the largest body that is kept. */
  readonly largestBody: number;
  keep(entry: CachedReply): void;
  /** It is not kept, or not soon: nobody shall wait for it. */
  decline(): void;
}

/** Where the reply to a request comes from. */
export type ReplySource =
  /** An earlier reply is as good. */
  | { readonly kind: "cached"; readonly entry: CachedReply }
  /** The client has it already, under these validators. */
  | { readonly kind: "unchanged"; readonly validators: FileValidators }
  | FilteredSource;

/** The filter makes it of the file, and it may be kept where there is a place for it. */
export interface FilteredSource {
  readonly kind: "filtered";
  readonly content: FileContent;
  readonly place: Place | undefined;
}

interface CollectedFacts {
  readonly content: FileContent;
  readonly place: Place;
  readonly announced: number | undefined;
}

/** What a visit is made with. */
export interface VisitFacts {
  readonly source: ReplySource;
  readonly audience: Audience;
  readonly validatorsOf: (variant: Variant) => FileValidators;
  /** The fields of the request, of which what is read here is not noted. */
  readonly headers: RequestHeaders;
  /** The variant that the request belongs to where these names are read. */
  readonly variantOf: (names: ReadNames) => Variant;
  /** What has been read of the request until now. */
  readonly reading: () => ParamsReading;
  /** The variant of which it is known that it is all that will be read for such a request. */
  readonly known: Variant | undefined;
  /** Is told, of each reply of status 200, that it had validators of its own, or of which variant it was to its end. */
  readonly learn: (variant: Variant | "own") => void;
}

const REVALIDATED = "no-cache";
const PRIVATE = "private, no-cache";

/**
 * One request for a file behind a filter. Its two halves run at the two ends of the filter's middleware: {@link inside}
 * takes the filter's place or keeps what it makes, so that middleware sees every request and nothing that middleware adds
 * for one client is kept for another; {@link outside} completes what is sent in the end by validators and Cache-Control,
 * and answers the client's conditions and ranges.
 */
export class FileVisit {
  readonly #facts: VisitFacts;
  /** The body that is kept, of which parts can be sent. */
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
    // A filter that sets one validator knows of more than its file; the other one would then say too little.
    let isShared = isSettled && isForEverybody(reply, audience) && !hasValidators(reply);
    let source = isShared ? takeBody(reply) : undefined;
    if (source !== undefined && this.#mayBeCopy()) {
      source = await this.#collect(reply, source);
      isShared = source !== undefined || (await this.#isUnchanged());
    }
    const variant = this.#variantOf({ streamed: source !== undefined });
    const isComparable = isShared && this.#addValidators(reply, variant, source);
    // What a filter makes for somebody tells nothing of what it makes for anyone.
    if (isSettled && !isShared && audience === "anyone") learn("own");
    // Without it a cache may keep for a while what has a Last-Modified (RFC 9111, section 4.2.2).
    setDefault(reply, audience === "anyone" && variant?.id === "" ? REVALIDATED : PRIVATE);
    const answer = underConditions(reply, headers, { isComparable: !isShared || isComparable });
    // Middleware may have put another body into its place.
    const kept = answer.status === 200 && answer.body === this.#kept ? this.#kept : undefined;
    return kept === undefined ? answer : rangedReply(answer, kept, { method: request.method, headers });
  };

  /**
   * Whether the client has a copy that may be this reply, which only the end of a stream tells: nothing is known yet of what
   * such streams read. A CGI program, which answers one request, never knows.
   */
  #mayBeCopy(): boolean {
    const { known, headers } = this.#facts;
    return known === undefined && (headers.has("if-none-match") || headers.has("if-modified-since"));
  }

  /** Waits for the end of a streamed body; the source of a longer one. */
  async #collect(reply: Reply, source: PieceSource<BodyPiece>): Promise<PieceSource<BodyPiece> | undefined> {
    const collected = await collectStart(source);
    if (collected.kind === "begun") return collected.source;
    reply.body = collected.content;
    return undefined;
  }

  /** The variant that the reply is, as far as it has been read for; undefined where no names would tell. */
  #variantOf({ streamed }: { readonly streamed: boolean }): Variant | undefined {
    const { known, variantOf } = this.#facts;
    if (streamed && known !== undefined) return known;
    const names = this.#namesRead();
    return names && variantOf(names);
  }

  /** What has been read until now, with what was read for a reply that was kept. */
  #namesRead(): ReadNames | undefined {
    const { source, reading } = this.#facts;
    const names = namesRead(reading());
    return names === undefined || source.kind !== "cached" ? names : union(names, source.entry.names);
  }

  /** Adds validators that follow from the file and from what was read; tells whether nothing more can be read for them. */
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
    reply.body = new WatchedBody(source, async () => {
      const names = this.#namesRead();
      if (names !== undefined && (await this.#isUnchanged())) learn(variantOf(names));
    });
    return known !== undefined;
  }

  /** Keeps what the filter has made, where there is a place for it and it is the same for everybody. */
  async #keep(reply: Reply, { content, place }: FilteredSource): Promise<Reply> {
    if (place === undefined) return reply;
    if (!isForEverybody(reply, this.#facts.audience)) {
      place.decline();
      return reply;
    }
    const announced = announcedLength(reply);
    const made = contentOf(reply.body);
    const { length, type } = made;
    if (made.kind === "streamed") {
      // Others would wait as long as this client takes its time.
      place.decline();
      if (reply.type === undefined) reply.type = type;
      if (announced === undefined && length !== undefined) reply.headers.set("Content-Length", length);
      reply.body = this.#collected(reply, made.source, { content, place, announced: announced ?? length });
      return reply;
    }
    const isHonest = announced === undefined || announced === made.length;
    const isKeepable = isHonest && made.length <= place.largestBody && (await content.unchanged());
    // What the reply was made of may have been read only now.
    const names = this.#namesRead();
    if (!isKeepable || names === undefined) {
      place.decline();
      return reply;
    }
    if (reply.type === undefined) reply.type = type;
    const entry = new CachedReply(reply, exactly(made.content), { names });
    place.keep(entry);
    this.#kept = entry.body;
    return entry.toReply();
  }

  /** A streamed body that is kept when it has passed, with what its reply says now: middleware may change that. */
  #collected(reply: Reply, source: PieceSource<BodyPiece>, facts: CollectedFacts): KeptBody {
    const { content, place, announced } = facts;
    const said = new Reply(undefined, { status: 200, type: reply.type, headers: reply.headers });
    return new KeptBody(source, {
      limit: place.largestBody,
      keep: async (body, firstPiece) => {
        if ((announced ?? body.length) !== body.length || !(await content.unchanged())) return;
        if (said.type === undefined) said.type = typeof firstPiece === "string" ? TEXT : BYTES;
        const names = this.#namesRead();
        if (names !== undefined) place.keep(new CachedReply(said, body, { names }));
      },
    });
  }

  /** Whether a reply that is there as a whole was made of one state of the file. Of a stream nobody knows yet. */
  async #isOfOneState({ body }: Reply): Promise<boolean> {
    return isProduced(body) || this.#isUnchanged();
  }

  async #isUnchanged(): Promise<boolean> {
    const { source } = this.#facts;
    return source.kind !== "filtered" || source.content.unchanged();
  }
}

/** Makes of a body what is sent, so that nothing is read for it any more; of a stream only its source. */
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

function union(some: ReadNames, others: ReadNames): ReadNames {
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
