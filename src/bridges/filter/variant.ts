import { createHash } from "node:crypto";

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
