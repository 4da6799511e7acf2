import type { DocumentRoot, NotAFile } from "../../files/document-root.js";
import type { FileContent } from "../../files/file-content.js";
import { hasStrongTime, type FileFacts } from "../../files/file-facts.js";
import { Role } from "../../protocol/constants.js";
import type { Exchange } from "../../protocol/application-side/exchange.js";
import { ObservedParams } from "../../protocol/observed-params.js";
import type { DataInput } from "../../body/filter-data.js";
import type { FilterRole, Transform } from "../../roles/filter.js";
import { isGuarded, isNotModified } from "../../http/preconditions.js";
import { RequestHeaders } from "../../http/request-headers.js";
import { FileVisit, type Place, type ReplySource } from "./file-visit.js";
import { tellOnlyOfSender } from "./audience.js";
import { keyOf, paramsOf, validatorsOf, type FileValidators, type FilteredFile } from "./filtered-file.js";
import type { Flight, ReplyCache } from "./reply-cache.js";
import { variantOf, type Variant, Variants } from "./variant.js";

/** What {@link FilteredFiles} are made with. */
export interface FilteredFilesOptions {
  readonly root: DocumentRoot;
  readonly filter: FilterRole;
  /** Undefined where nothing is kept. */
  readonly cache: ReplyCache | undefined;
}

/** Lets filters answer for files that were located: by an earlier reply, by what the client has, or by the file. */
export class FilteredFiles {
  readonly #root: DocumentRoot;
  readonly #filter: FilterRole;
  readonly #cache: ReplyCache | undefined;
  /** What was answered with validators that follow from the file. */
  readonly #answers = new Variants();
  /** The filters of which a reply has had validators of its own. */
  readonly #own = new Set<Transform>();

  constructor({ root, filter, cache }: FilteredFilesOptions) {
    this.#root = root;
    this.#filter = filter;
    this.#cache = cache;
  }

  /**
   * Answers a GET, HEAD or POST; where the file is not there any more, it tells what is, and nothing was answered.
   * Rejects with what the system says where it fails to open the file.
   */
  async answer(exchange: Exchange, filtered: FilteredFile): Promise<NotAFile | undefined> {
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
    const params = paramsOf(asked, filtered, { facts, documentRoot: this.#root.path });
    // Only where it matters what the filter reads: to note it costs a little each time.
    const observed = isComparable(exchange, filtered) ? new ObservedParams(params.bytes) : undefined;
    const key = keyOf(asked, filtered, facts);
    exchange.playAs(Role.Filter, observed ?? params);
    const visit = new FileVisit({
      source,
      audience,
      validatorsOf: (variant) => validatorsFor(exchange, filtered, { variant, facts }),
      headers: new RequestHeaders(asked),
      variantOf: (names) => variantOf(names, asked),
      // A body of which no length tells, as behind nginx over HTTP/2, is in no key.
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
    const key = keyOf(params, filtered, file.facts);
    const entry = cache?.get(key, params);
    if (entry !== undefined && (audience === "anyone" || entry.isPublic)) return { kind: "cached", entry };
    const unchanged = this.#unchanged(exchange, filtered, key);
    if (unchanged !== undefined) return unchanged;
    if (cache === undefined || audience !== "anyone") return this.#open(exchange, filtered, { cache });
    const underWay = cache.flightOf(key);
    if (underWay === undefined) {
      const flight = params.method === "GET" ? takeOff(exchange, cache, key) : undefined;
      return this.#open(exchange, filtered, { cache, flight });
    }
    await underWay.landed;
    // What has landed may have been made for a client with other values of what the filter has read.
    const landed = cache.get(key, params);
    return landed === undefined
      ? this.#open(exchange, filtered, { cache })
      : { kind: "cached", entry: landed };
  }

  async #open(
    exchange: Exchange,
    filtered: FilteredFile,
    { cache, flight }: { readonly cache: ReplyCache | undefined; readonly flight?: Flight | undefined },
  ): Promise<ReplySource | NotAFile> {
    const content = await this.#root.openFile(filtered.file);
    if ("kind" in content) return content;
    // In whatever way the request ends, and whether the filter has read the file or not.
    exchange.onEnd(() => void content.close());
    const { facts } = content;
    const { params } = exchange;
    if (cache === undefined || params.method !== "GET" || !hasStrongTime(facts)) {
      flight?.land();
      return { kind: "filtered", content, place: undefined };
    }
    const key = keyOf(params, filtered, facts);
    const place: Place = {
      largestBody: cache.largestBody,
      keep: (entry) => {
        cache.set(key, params, entry);
        flight?.land();
      },
      decline: () => flight?.land(),
    };
    return { kind: "filtered", content, place };
  }

  /**
   * Where the client is known to have what would be sent, without a look at the file or the filter: it asks for what was
   * sent before to a client with the same values of all that was read for it.
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
 * The validators of a reply. Its time alone is compared with the client's where the filter has read nothing that could
 * be another client's: nothing at all, or only who sends the request, which nobody had said.
 */
function validatorsFor(
  { vouchesFor }: Exchange,
  { transform, audience }: FilteredFile,
  { variant, facts }: { readonly variant: Variant; readonly facts: FileFacts },
): FileValidators {
  const isDated = audience === "anyone" && tellOnlyOfSender(variant.names, vouchesFor);
  return validatorsOf({ transform, facts }, { variant, isDated });
}

/** Whether the reply can be one to other requests too: not where a body could have a say in it, or an authorizer had. */
function isComparable({ params }: Exchange, { audience }: FilteredFile): boolean {
  // Caddy 2.6 says -1 of a body in chunks.
  const hasBody = !/^0*$/.test(params.get("CONTENT_LENGTH") ?? "") || params.has("HTTP_TRANSFER_ENCODING");
  return audience !== "admitted" && params.method !== "POST" && !hasBody;
}

function takeOff(exchange: Exchange, cache: ReplyCache, key: string): Flight {
  const flight = cache.takeOff(key);
  // Whatever becomes of this request, nobody waits for it any longer.
  exchange.onEnd(() => flight.land());
  return flight;
}

/** The file as the filter reads it. Undefined content: the reply is there without it. */
function dataOf(exchange: Exchange, content: FileContent | undefined): DataInput {
  return {
    read: async () => {
      if (exchange.aborted !== undefined) throw exchange.aborted;
      if (content === undefined || exchange.ended) {
        throw new TypeError("Cannot read file: the request is answered without it");
      }
      return content.read();
    },
    discard: () => {},
  };
}
