import type { DocumentRoot, NotAFile } from "../../files/document-root.js";
import type { FileContent } from "../../files/file-content.js";
import { hasStrongTime, type FileFacts } from "../../files/file-facts.js";
import { Role } from "../../protocol/constants.js";
import type { Exchange } from "../../protocol/application-side/exchange.js";
import { ObservedParams } from "../../protocol/observed-params.js";
import { ownMemory } from "../../protocol/own-memory.js";
import type { DataInput } from "../../body/filter-data.js";
import type { FilterRole, Transform } from "../../roles/filter.js";
import { isGuarded, isNotModified } from "../../http/preconditions.js";
import { RequestHeaders } from "../../http/request-headers.js";
import { FileVisit } from "./file-visit.js";
import type { CacheSlot, ReplySource } from "./reply-source.js";
import { identifyOnlySender } from "./audience.js";
import {
  cacheKey,
  filterParams,
  validatorsOf,
  type FileValidators,
  type FilteredFile,
} from "./filtered-file.js";
import type { PendingReply, ReplyCache } from "./reply-cache.js";
import { variantOf, type Variant, VariantIndex } from "./variant.js";

/** The parts of {@link FilteredFiles}. */
export interface FilteredFilesOptions {
  readonly root: DocumentRoot;
  readonly filter: FilterRole;
  /** Undefined if nothing is cached. */
  readonly cache: ReplyCache | undefined;
}

/** Answers requests for located files: from the cache, from the client's copy, or by running the filter. */
export class FilteredFiles {
  readonly #root: DocumentRoot;
  readonly #filter: FilterRole;
  readonly #cache: ReplyCache | undefined;
  /** The variants of the replies that had validators from their file. */
  readonly #answers = new VariantIndex();
  /** The filters whose replies had validators of their own. */
  readonly #own = new Set<Transform>();

  constructor({ root, filter, cache }: FilteredFilesOptions) {
    this.#root = root;
    this.#filter = filter;
    this.#cache = cache;
  }

  /**
   * Answers a GET, HEAD or POST. If the file is gone, returns what is found instead, and nothing was answered. Rejects with
   * the error of the system if the file cannot be opened.
   */
  async serve(exchange: Exchange, filtered: FilteredFile): Promise<NotAFile | undefined> {
    const source = await this.#sourceOf(exchange, filtered);
    switch (source.kind) {
      case "folder":
      case "missing":
      case "forbidden":
        return source;
      default:
        if (!exchange.ended) this.#run(exchange, filtered, source);
        return undefined;
    }
  }

  #run(exchange: Exchange, filtered: FilteredFile, source: ReplySource): void {
    const { file, location, transform, audience } = filtered;
    const content = source.kind === "filtered" ? source.content : undefined;
    const facts = content?.facts ?? file.facts;
    const asked = exchange.params;
    const params = filterParams(asked, filtered, { facts, documentRoot: this.#root.path });
    // Only if it matters what the filter reads: recording it costs a little each time.
    const observed = isComparable(exchange, filtered) ? new ObservedParams(params.bytes) : undefined;
    const key = cacheKey(asked, filtered, facts);
    exchange.playAs(Role.Filter, observed ?? params);
    const visit = new FileVisit({
      source,
      audience,
      validatorsOf: (variant) => validatorsFor(exchange, filtered, { variant, facts }),
      headers: new RequestHeaders(asked),
      variantOf: (names) => variantOf(names, asked),
      // A body without a length, as from nginx over HTTP/2, is not part of a key.
      reading: () =>
        observed === undefined || exchange.input !== undefined ? "everything" : observed.reading,
      known: this.#answers.find(key, asked),
      learn: (variant) => {
        if (variant === "own") this.#own.add(transform);
        else this.#answers.learn(key, variant);
      },
    });
    const found = { location, data: dataOf(exchange, content) };
    this.#filter.filterFound(exchange, { found, transform, layers: visit });
  }

  async #sourceOf(exchange: Exchange, filtered: FilteredFile): Promise<ReplySource | NotAFile> {
    const { audience, file } = filtered;
    const { params } = exchange;
    if (!isComparable(exchange, filtered)) return this.#open(exchange, filtered, { cache: undefined });
    const cache = this.#cache;
    const key = cacheKey(params, filtered, file.facts);
    const entry = cache?.get(key, params);
    if (entry !== undefined && (audience === "anyone" || entry.isPublic)) return { kind: "cached", entry };
    const unchanged = this.#unchanged(exchange, filtered, key);
    if (unchanged !== undefined) return unchanged;
    if (cache === undefined || audience !== "anyone") return this.#open(exchange, filtered, { cache });
    const pending = cache.pendingReply(key);
    if (pending === undefined) {
      const ownReply = params.method === "GET" ? begin(exchange, cache, key) : undefined;
      return this.#open(exchange, filtered, { cache, pending: ownReply });
    }
    await pending.settled;
    // The reply may depend on other values of what the filter has read.
    const made = cache.get(key, params);
    return made === undefined ? this.#open(exchange, filtered, { cache }) : { kind: "cached", entry: made };
  }

  async #open(
    exchange: Exchange,
    filtered: FilteredFile,
    {
      cache,
      pending,
    }: { readonly cache: ReplyCache | undefined; readonly pending?: PendingReply | undefined },
  ): Promise<ReplySource | NotAFile> {
    const content = await this.#root.openFile(filtered.file);
    if ("kind" in content) return content;
    // However the request ends, and whether or not the filter has read the file.
    exchange.onEnd(() => void content.close());
    const { facts } = content;
    const { params } = exchange;
    if (cache === undefined || params.method !== "GET" || !hasStrongTime(facts)) {
      pending?.settle();
      return { kind: "filtered", content, slot: undefined };
    }
    const key = cacheKey(params, filtered, facts);
    const slot: CacheSlot = {
      largestBody: cache.largestBody,
      keep: (entry) => {
        cache.set(key, params, entry);
        pending?.settle();
      },
      decline: () => pending?.settle(),
    };
    return { kind: "filtered", content, slot };
  }

  /**
   * A 304 if the client is known to have the reply, without opening the file or running the filter: its validators are
   * those of an earlier reply for the same values of all that was read.
   */
  #unchanged(exchange: Exchange, filtered: FilteredFile, key: string): ReplySource | undefined {
    const { audience, file, transform } = filtered;
    if (audience !== "anyone" || this.#own.has(transform)) return undefined;
    const variant = this.#answers.find(key, exchange.params);
    if (variant === undefined) return undefined;
    const headers = new RequestHeaders(exchange.params);
    const validators = validatorsFor(exchange, filtered, { variant, facts: file.facts });
    return !isGuarded(headers) && isNotModified(headers, validators)
      ? { kind: "unchanged", validators }
      : undefined;
  }
}

/**
 * The validators of a reply. Its time alone is comparable if the filter has read nothing that differs between clients:
 * nothing at all, or only the identity of the sender, which was absent.
 */
function validatorsFor(
  { vouchesFor }: Exchange,
  { transform, audience }: FilteredFile,
  { variant, facts }: { readonly variant: Variant; readonly facts: FileFacts },
): FileValidators {
  const isDated = audience === "anyone" && identifyOnlySender(variant.names, vouchesFor);
  return validatorsOf({ transform, facts }, { variant, isDated });
}

/**
 * Whether the reply may serve other requests too: not if it could depend on a request body, or if an authorizer was asked.
 */
function isComparable({ params }: Exchange, { audience }: FilteredFile): boolean {
  // Caddy 2.6 sends -1 for a chunked body.
  const hasBody = !/^0*$/.test(params.get("CONTENT_LENGTH") ?? "") || params.has("HTTP_TRANSFER_ENCODING");
  return audience !== "admitted" && params.method !== "POST" && !hasBody;
}

function begin(exchange: Exchange, cache: ReplyCache, key: string): PendingReply {
  const pending = cache.begin(key);
  // However this request ends, others stop waiting for it.
  exchange.onEnd(() => pending.settle());
  return pending;
}

/** The file as the filter reads it. Without content the reply does not need the file. */
function dataOf(exchange: Exchange, content: FileContent | undefined): DataInput {
  return {
    read: async () => {
      if (exchange.aborted !== undefined) throw exchange.aborted;
      if (content === undefined || exchange.ended) {
        throw new TypeError("Cannot read file: the request was answered without it");
      }
      return content.read(ownMemory);
    },
    discard: () => {},
  };
}
