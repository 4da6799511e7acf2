import type { DocumentRoot, NotAFile } from "../files/document-root.js";
import type { FileContent } from "../files/file-content.js";
import { isSettled } from "../files/file-facts.js";
import { Role } from "../protocol/constants.js";
import type { Exchange } from "../protocol/exchange.js";
import type { DataInput } from "../roles/filter-data.js";
import type { FilterRole, Transform } from "../roles/filter.js";
import { parseHttpDate } from "../http/http-date.js";
import { isGuarded, isNotModified } from "../http/preconditions.js";
import { RequestHeaders } from "../roles/request-headers.js";
import { FileVisit, type Place, type ReplySource } from "./file-visit.js";
import { keyOf, paramsOf, validatorsOf, type FilteredFile } from "./filtered-file.js";
import type { Flight, ReplyCache } from "./reply-cache.js";

/** What {@link FilteredFiles} are made with. */
export interface FilteredFilesOptions {
  readonly root: DocumentRoot;
  readonly filter: FilterRole;
  /** Undefined where nothing is kept. */
  readonly cache: ReplyCache | undefined;
}

/** Whether the replies of a filter get validators that follow from the file; "own" once one of them did not. */
type Habit = "automatic" | "own";

/** Lets filters answer for files that were located: by an earlier reply, by what the client has, or by the file. */
export class FilteredFiles {
  readonly #root: DocumentRoot;
  readonly #filter: FilterRole;
  readonly #cache: ReplyCache | undefined;
  readonly #habits = new Map<Transform, Habit>();

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
    const params = paramsOf(exchange.params, filtered, { facts, documentRoot: this.#root.path });
    exchange.playAs(Role.Filter, params);
    const validators = validatorsOf(transform, facts);
    const visit = new FileVisit({
      source,
      audience,
      validators,
      learn: (habit) => this.#learn(transform, habit),
    });
    const found = { location, data: dataOf(exchange, content) };
    this.#filter.filterFound(exchange, { found, transform, layers: visit });
  }

  async #sourceOf(exchange: Exchange, filtered: FilteredFile): Promise<ReplySource | NotAFile> {
    const { audience, file } = filtered;
    const cache = isKeepable(exchange, filtered) ? this.#cache : undefined;
    const key = cache === undefined ? "" : keyOf(exchange.params, filtered, file.facts);
    const entry = cache?.get(key);
    if (entry !== undefined && (audience === "anyone" || entry.isPublic)) return { kind: "cached", entry };
    if (this.#isUnchanged(exchange, filtered)) return { kind: "unchanged" };
    if (cache === undefined || audience !== "anyone") return this.#open(exchange, filtered, { cache });
    const underWay = cache.flightOf(key);
    if (underWay === undefined) {
      const flight = exchange.params.method === "GET" ? takeOff(exchange, cache, key) : undefined;
      return this.#open(exchange, filtered, { cache, flight });
    }
    const landed = await underWay.landed;
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
    if (cache === undefined || exchange.params.method !== "GET" || !isSettled(facts)) {
      flight?.land(undefined);
      return { kind: "filtered", content, place: undefined };
    }
    const key = keyOf(exchange.params, filtered, facts);
    const place: Place = {
      largestBody: cache.largestBody,
      keep: (entry) => {
        cache.set(key, entry);
        flight?.land(entry);
      },
      decline: () => flight?.land(undefined),
    };
    return { kind: "filtered", content, place };
  }

  /** Whether the client is known to have what would be sent, without a look at the file or the filter. */
  #isUnchanged(exchange: Exchange, { audience, file, transform }: FilteredFile): boolean {
    if (audience !== "anyone" || exchange.params.method === "POST") return false;
    const headers = new RequestHeaders(exchange.params);
    const validators = validatorsOf(transform, file.facts);
    if (isGuarded(headers) || !isNotModified(headers, validators)) return false;
    switch (this.#habits.get(transform)) {
      case "automatic":
        return true;
      case "own":
        return false;
      default: {
        // A date that is not the file's own could be one that the filter has set and would set otherwise by now.
        const since = parseHttpDate(headers.get("if-modified-since") ?? "");
        return (headers.get("if-none-match") ?? "") !== "" || since === validators.lastModified;
      }
    }
  }

  #learn(transform: Transform, habit: Habit): void {
    if (this.#habits.get(transform) !== "own") this.#habits.set(transform, habit);
  }
}

/** Whether an earlier reply may answer, or the reply answer later requests: not where a body could have a say in it. */
function isKeepable(exchange: Exchange, { audience }: FilteredFile): boolean {
  const { params } = exchange;
  // Caddy 2.6 says -1 of a body in chunks.
  const hasBody = !/^0*$/.test(params.get("CONTENT_LENGTH") ?? "") || params.has("HTTP_TRANSFER_ENCODING");
  return audience !== "admitted" && params.method !== "POST" && !hasBody;
}

function takeOff(exchange: Exchange, cache: ReplyCache, key: string): Flight {
  const flight = cache.takeOff(key);
  // Whatever becomes of this request, nobody waits for it any longer.
  exchange.onEnd(() => flight.land(undefined));
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
