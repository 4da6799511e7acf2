import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";

import type { ParamsReading } from "../../protocol/observed-params.js";
import type { Params } from "../../protocol/params.js";

/** Names that were read of params, in order, without those that a key covers. */
export type ReadNames = readonly string[];

/** What is made of requests with one key that have the same values of these names. */
export interface Variant {
  readonly names: ReadNames;
  /** Follows from the names and their values; tells none of them. */
  readonly id: string;
}

/** What tells of the file, or would tell of another one. */
export const TOLD_ANEW: ReadonlySet<string> = new Set([
  "DOCUMENT_ROOT",
  "DOCUMENT_URI",
  "SCRIPT_NAME",
  "SCRIPT_FILENAME",
  "PATH_INFO",
  "PATH_TRANSLATED",
  "FCGI_DATA_LENGTH",
  "FCGI_DATA_LAST_MOD",
]);

/**
 * What is the same for all who ask for one thing: what tells of the address, and of the Web server. They are part of every
 * key, and so need not be told apart from one another.
 */
export const KEY_NAMES: readonly string[] = [
  "CONTENT_LENGTH",
  "HTTPS",
  "HTTP_HOST",
  "QUERY_STRING",
  "REQUEST_SCHEME",
  "REQUEST_URI",
  "SERVER_NAME",
  "SERVER_PORT",
  "SERVER_SOFTWARE",
];

/** The names that count of what was read; undefined where no list of them would tell. */
export function namesRead(reading: ParamsReading): ReadNames | undefined {
  if (reading === "everything") return undefined;
  return [...reading].filter((name) => !KEY_NAMES.includes(name) && !TOLD_ANEW.has(name)).sort();
}

/** The variant that a request belongs to where these names are read. */
export function variantOf(names: ReadNames, params: Params): Variant {
  if (names.length === 0) return { names, id: "" };
  return { names, id: digestOf(names.map((name) => [name, valuesOf(params, name)])) };
}

/** Every value of a name, in order, each character one byte. */
export function valuesOf(params: Params, name: string): readonly string[] {
  const found = params.bytesOf(name);
  return found.filter((_, at) => at % 2 === 1 && found[at - 1] === name);
}

/** A text of constant length that is another one where the parts are others, also if somebody looks for one that is not. */
export function digestOf(parts: unknown): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}

/** Keys that are known at a time. */
const MOST_KEYS = 1_024;
/** Sets of names that are known of one key: a filter asks for the same mostly. */
const MOST_SETS = 8;
/** Variants that are known of one key, so that clients with values of their own drive out nothing but one another. */
const MOST_VARIANTS = 32;

interface KnownVariants {
  /** By the names in one text. */
  readonly sets: Map<string, ReadNames>;
  /** The least recently used one first. */
  readonly ids: Set<string>;
}

/**
 * The variants of which it is known that they are all that was read to the end, by key: in two steps, as Vary works (RFC
 * 9111, section 4.1). What is the same in all that was read for an earlier request will be read in the same way again.
 */
export class Variants {
  readonly #known = new LRUCache<string, KnownVariants>({ max: MOST_KEYS });

  /** The known variant that a request belongs to, that of most names where there are several. */
  find(key: string, params: Params): Variant | undefined {
    const known = this.#known.get(key);
    if (known === undefined) return undefined;
    let found: Variant | undefined;
    for (const names of known.sets.values()) {
      if (found !== undefined && names.length < found.names.length) continue;
      const variant = variantOf(names, params);
      if (known.ids.has(variant.id)) found = variant;
    }
    if (found !== undefined) use(known.ids, found.id);
    return found;
  }

  /** Notes a variant, and tells the ids of those that are forgotten for it. */
  learn(key: string, { names, id }: Variant): readonly string[] {
    let known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, (known = { sets: new Map(), ids: new Set() }));
    known.sets.set(names.join("\n"), names);
    use(known.ids, id);
    // The variants of a set that is forgotten are not found any more, and go in their time.
    forgetOldest(known.sets.keys(), known.sets.size - MOST_SETS).forEach((set) => known.sets.delete(set));
    const forgotten = forgetOldest(known.ids, known.ids.size - MOST_VARIANTS);
    forgotten.forEach((one) => known.ids.delete(one));
    return forgotten;
  }
}

function use(ids: Set<string>, id: string): void {
  ids.delete(id);
  ids.add(id);
}

function forgetOldest(from: Iterable<string>, count: number): readonly string[] {
  return count <= 0 ? [] : [...from].slice(0, count);
}
