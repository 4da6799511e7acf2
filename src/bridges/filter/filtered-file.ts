import type { LocatedFile } from "../../files/document-root.js";
import type { FileFacts } from "../../files/file-facts.js";
import type { NameValuePair } from "../../protocol/name-value.js";
import type { Params } from "../../protocol/params.js";
import type { Transform } from "../../roles/filter.js";
import { shortDigest } from "../../http/short-digest.js";
import type { RequestLocation } from "../../paths/location.js";
import { decodePath } from "../../paths/plain-path.js";
import type { Audience } from "./audience.js";
import { KEY_NAMES, REPLACED_NAMES, digestOf, allValues, type Variant } from "./variant.js";

/** A located file and the filter for it. */
export interface FilteredFile {
  readonly location: RequestLocation;
  readonly file: LocatedFile;
  readonly transform: Transform;
  readonly audience: Audience;
}

/** Validators that follow from the file, from the code of the filter, and from what was read of the request. */
export interface FileValidators {
  readonly etag: string;
  /** In seconds since the epoch; undefined if the time of the file does not identify the reply. */
  readonly lastModified: number | undefined;
}

/** The input of a filter. */
export interface FilteredState {
  readonly transform: Transform;
  readonly facts: FileFacts;
}

/** What the validators depend on in addition to the file. */
export interface VariantFacts {
  readonly variant: Variant;
  /** Whether the time of the file identifies the reply: a copy of this age is a copy of this variant. */
  readonly isDated: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: number;
}

/**
 * The validators of a filtered file: the same in every process that runs the same code on the same files. A modification
 * time in the future counts as now (RFC 9110, section 8.8.2.1).
 */
export function validatorsOf(
  { transform, facts }: FilteredState,
  { variant, isDated, now = Date.now() }: VariantFacts,
): FileValidators {
  const { length, modified, modifiedNs } = facts;
  const state = [transform.version, length, modifiedNs];
  return {
    etag: `"${shortDigest(variant.id === "" ? state : [...state, variant.id])}"`,
    lastModified: isDated ? Math.min(modified, Math.floor(now / 1000)) : undefined,
  };
}

/**
 * The params that a Web server would send in the filter role (section 6.4), derived from those of the responder role.
 * Params that describe a script or another file are replaced.
 */
export function filterParams(
  params: Params,
  { file, location }: FilteredFile,
  { facts, documentRoot }: { readonly facts: FileFacts; readonly documentRoot: string },
): Params {
  const name = (decodePath(location.mount) ?? location.mount) + file.name;
  const replaced: readonly NameValuePair[] = [
    ["DOCUMENT_ROOT", documentRoot],
    ["DOCUMENT_URI", name],
    ["SCRIPT_NAME", name],
    ["SCRIPT_FILENAME", file.realPath],
    ["PATH_TRANSLATED", file.realPath],
    ["FCGI_DATA_LENGTH", String(facts.length)],
    ["FCGI_DATA_LAST_MOD", String(facts.modified)],
  ];
  return params.with(replaced, { without: REPLACED_NAMES });
}

/** The cache key of a request: its address, the file, and the filter. What the filter reads besides selects the variant. */
export function cacheKey(
  params: Params,
  { file, location, transform }: FilteredFile,
  { identity, length, modifiedNs }: FileFacts,
): string {
  return digestOf([
    KEY_NAMES.map((name) => allValues(params, name)),
    location.target,
    location.mount,
    transform.name,
    transform.version,
    file.realPath,
    identity,
    length,
    String(modifiedNs),
  ]);
}
