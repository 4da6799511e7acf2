import type { FileContent } from "../files/file-content.js";
import type { BodySource } from "../roles/body-source.js";
import type { FilterRequest } from "../roles/filter-request.js";
import { formatHttpDate } from "../http/http-date.js";
import type { Next } from "../roles/middleware.js";
import { Reply } from "../roles/reply.js";
import { BYTES, TEXT, contentOf, isProduced } from "../roles/reply-content.js";
import { announcedLength } from "../roles/send-reply.js";
import { isForEverybody, type Audience } from "./audience.js";
import { rangedReply } from "./ranged-reply.js";
import { CachedReply } from "./cached-reply.js";
import { underConditions } from "./conditional.js";
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
  /** The client has it already. */
  | { readonly kind: "unchanged" }
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
  readonly validators: FileValidators;
  /** Is told, of each reply of status 200, whether it got validators that follow from the file. */
  readonly learn: (habit: "automatic" | "own") => void;
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
    const { source, validators } = this.#facts;
    switch (source.kind) {
      case "cached":
        this.#kept = source.entry.body;
        return source.entry.toReply();
      case "unchanged":
        return withValidators(new Reply(undefined, { status: 304 }), validators);
      case "filtered":
        return this.#keep(await next(), source);
    }
  };

  readonly outside = async (request: FilterRequest, next: Next): Promise<Reply> => {
    const { audience } = this.#facts;
    const reply = await next();
    if (request.method === "POST" || reply.status !== 200) {
      if (audience !== "anyone") setDefault(reply, PRIVATE);
      return reply;
    }
    const isSettled = await this.#isOfOneState(reply);
    const isShared = isSettled && isForEverybody(reply, audience);
    const isAutomatic = isShared && this.#addValidators(reply);
    // What a filter makes for somebody tells nothing of what it makes for anyone.
    if (isSettled && audience === "anyone") this.#facts.learn(isAutomatic ? "automatic" : "own");
    // Without it a cache may keep for a while what has a Last-Modified (RFC 9111, section 4.2.2).
    setDefault(reply, audience === "anyone" ? REVALIDATED : PRIVATE);
    const answer = underConditions(reply, request.headers);
    // Middleware may have put another body into its place.
    const kept = answer.status === 200 && answer.body === this.#kept ? this.#kept : undefined;
    return kept === undefined ? answer : rangedReply(answer, kept, request);
  };

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
    if (!isHonest || made.length > place.largestBody || !(await content.unchanged())) {
      place.decline();
      return reply;
    }
    if (reply.type === undefined) reply.type = type;
    const entry = new CachedReply(reply, exactly(made.content));
    place.keep(entry);
    this.#kept = entry.body;
    return entry.toReply();
  }

  /** A streamed body that is kept when it has passed, with what its reply says now: middleware may change that. */
  #collected(reply: Reply, source: BodySource, facts: CollectedFacts): KeptBody {
    const { content, place, announced } = facts;
    const said = new Reply(undefined, { status: 200, type: reply.type, headers: reply.headers });
    return new KeptBody(source, {
      limit: place.largestBody,
      keep: async (body, firstPiece) => {
        if ((announced ?? body.length) !== body.length || !(await content.unchanged())) return;
        if (said.type === undefined) said.type = typeof firstPiece === "string" ? TEXT : BYTES;
        place.keep(new CachedReply(said, body));
      },
    });
  }

  /** Whether a reply that is there as a whole was made of one state of the file. Of a stream nobody knows yet. */
  async #isOfOneState({ body }: Reply): Promise<boolean> {
    const { source } = this.#facts;
    if (source.kind !== "filtered" || isProduced(body)) return true;
    return source.content.unchanged();
  }

  /** A filter that sets one validator knows of more than its file; the other one would then say too little. */
  #addValidators(reply: Reply): boolean {
    if (reply.headers.has("etag") || reply.headers.has("last-modified")) return false;
    withValidators(reply, this.#facts.validators);
    return true;
  }
}

function withValidators(reply: Reply, { etag, lastModified }: FileValidators): Reply {
  reply.headers.set("ETag", etag).set("Last-Modified", formatHttpDate(lastModified));
  return reply;
}

function setDefault({ headers }: Reply, cacheControl: string): void {
  if (!headers.has("cache-control")) headers.set("Cache-Control", cacheControl);
}
