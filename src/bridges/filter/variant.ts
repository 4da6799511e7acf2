import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";

import type { ParamsReading } from "../../protocol/observed-params.js";
import type { Params } from "../../protocol/params.js";

/** The names of params that were read, sorted, without those that a key covers. */
export type ReadNames = readonly string[];

/** The requests with one key that have the same values for these names. */
export interface Variant {
  readonly names: ReadNames;
  /** A digest of the names and their values. */
  readonly id: string;
}

/** The params that describe the file; they are replaced. */
export const REPLACED_NAMES: ReadonlySet<string> = new Set([
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
 * The params that describe the address and the Web server. They are part of every key, so they need not select a variant.
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

/** The names that select a variant; undefined if no list of names covers what was read. */
export function namesRead(reading: ParamsReading): ReadNames | undefined {
  if (reading === "everything") return undefined;
  return [...reading].filter((name) => !KEY_NAMES.includes(name) && !REPLACED_NAMES.has(name)).sort();
}

/** The variant of a request if these names are read. */
export function variantOf(names: ReadNames, params: Params): Variant {
  if (names.length === 0) return { names, id: "" };
  return { names, id: digestOf(names.map((name) => [name, allValues(params, name)])) };
}

/** Every value of a name, in order, each character one byte. */
export function allValues(params: Params, name: string): readonly string[] {
  const found = params.bytesOf(name);
  return found.filter((_, at) => at % 2 === 1 && found[at - 1] === name);
}

/** A digest that changes when any part changes, and that cannot be forged. */
export function digestOf(parts: unknown): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}

/** The most keys that are remembered. */
const MOST_KEYS = 1_024;
/** The most sets of names for one key: a filter mostly reads the same ones. */
const MOST_SETS = 8;
/** The most variants for one key, so that clients with values of their own evict only one another. */
const MOST_VARIANTS = 32;

interface KnownVariants {
  /** By the joined names. */
  readonly sets: Map<string, ReadNames>;
  /** Least recently used first. */
  readonly ids: Set<string>;
}

/**
 * The variants that are known to cover all that is read, by key. It works in two steps, like Vary (RFC 9111, section 4.1):
 * a request with the same values of all that was read for an earlier one will read the same.
 */
export class VariantIndex {
  readonly #known = new LRUCache<string, KnownVariants>({ max: MOST_KEYS });

  /** The known variant of a request; the one with the most names if there are several. */
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

  /** Remembers a variant, and returns the ids of those that it evicts. */
  learn(key: string, { names, id }: Variant): readonly string[] {
    let known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, (known = { sets: new Map(), ids: new Set() }));
    known.sets.set(names.join("\n"), names);
    use(known.ids, id);
    // The variants of an evicted set are no longer found, and are evicted in turn.
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
