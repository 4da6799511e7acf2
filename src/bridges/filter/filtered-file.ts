import type { LocatedFile } from "../../files/document-root.js";
import type { FileFacts } from "../../files/file-facts.js";
import type { NameValuePair } from "../../protocol/name-value.js";
import type { Params } from "../../protocol/params.js";
import type { Transform } from "../../roles/filter.js";
import { shortDigest } from "../../http/short-digest.js";
import type { RequestLocation } from "../../paths/location.js";
import { decodePath } from "../../paths/plain-path.js";
import type { Audience } from "./audience.js";
import { KEY_NAMES, TOLD_ANEW, digestOf, valuesOf, type Variant } from "./variant.js";

/** A file that a request leads to, and the filter that is meant for it. */
export interface FilteredFile {
  readonly location: RequestLocation;
  readonly file: LocatedFile;
  readonly transform: Transform;
  readonly audience: Audience;
}

/** Validators that follow from the file, from the code of the filter, and from what was read of the request. */
export interface FileValidators {
  readonly etag: string;
  /** Seconds since the epoch; undefined where the time of the file does not tell all. */
  readonly lastModified: number | undefined;
}

/** What a filter makes something of. */
export interface FilteredState {
  readonly transform: Transform;
  readonly facts: FileFacts;
}

/** What the validators of a variant follow from beside the file. */
export interface VariantFacts {
  readonly variant: Variant;
  /** Whether the time of the file tells all: a copy of this age is a copy of this variant. */
  readonly isDated: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: number;
}

/**
 * The validators of what a filter makes of a file: the same in every process that runs the same code on the same files. A
 * file that says that it was changed in the future is as old as this moment (RFC 9110, section 8.8.2.1).
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
 * The params that a Web server would have sent in the filter role (section 6.4), made of those of the responder role:
 * whatever they tell of a script or of a file, it is this file that is meant.
 */
export function paramsOf(
  params: Params,
  { file, location }: FilteredFile,
  { facts, documentRoot }: { readonly facts: FileFacts; readonly documentRoot: string },
): Params {
  const name = (decodePath(location.mount) ?? location.mount) + file.name;
  const told: readonly NameValuePair[] = [
    ["DOCUMENT_ROOT", documentRoot],
    ["DOCUMENT_URI", name],
    ["SCRIPT_NAME", name],
    ["SCRIPT_FILENAME", file.realPath],
    ["PATH_TRANSLATED", file.realPath],
    ["FCGI_DATA_LENGTH", String(facts.length)],
    ["FCGI_DATA_LAST_MOD", String(facts.modified)],
  ];
  return params.with(told, { without: TOLD_ANEW });
}

/** What replies are told apart by whatever was read: the address of a request, the file, and the filter. */
export function keyOf(
  params: Params,
  { file, location, transform }: FilteredFile,
  { identity, length, modifiedNs }: FileFacts,
): string {
  return digestOf([
    KEY_NAMES.map((name) => valuesOf(params, name)),
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
