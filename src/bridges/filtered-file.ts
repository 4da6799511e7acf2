import type { LocatedFile } from "../files/document-root.js";
import type { FileFacts } from "../files/file-facts.js";
import type { NameValuePair } from "../protocol/name-value.js";
import type { Params } from "../protocol/params.js";
import type { Transform } from "../roles/filter.js";
import { fingerprint } from "../roles/fingerprint.js";
import type { RequestLocation } from "../roles/location.js";
import { hostOf, schemeOf } from "../roles/origin.js";
import { decodePath } from "../roles/plain-path.js";
import type { Audience } from "./audience.js";

/** A file that a request leads to, and the filter that is meant for it. */
export interface FilteredFile {
  readonly location: RequestLocation;
  readonly file: LocatedFile;
  readonly transform: Transform;
  readonly audience: Audience;
}

/** Validators that follow from the file and from the code of the filter alone. */
export interface FileValidators {
  readonly etag: string;
  /** Seconds since the epoch. */
  readonly lastModified: number;
}

/**
 * The validators of what a filter makes of a file: the same in every process that runs the same code on the same files. A
 * file that says that it was changed in the future is as old as this moment, in ms (RFC 9110, section 8.8.2.1).
 */
export function validatorsOf({ version }: Transform, facts: FileFacts, now = Date.now()): FileValidators {
  const { length, modified, modifiedNs } = facts;
  return {
    etag: `"${fingerprint([version, length, modifiedNs])}"`,
    lastModified: Math.min(modified, Math.floor(now / 1000)),
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

/** What tells of the file, or would tell of another one. */
const TOLD_ANEW: ReadonlySet<string> = new Set([
  "DOCUMENT_ROOT",
  "DOCUMENT_URI",
  "SCRIPT_NAME",
  "SCRIPT_FILENAME",
  "PATH_INFO",
  "PATH_TRANSLATED",
  "FCGI_DATA_LENGTH",
  "FCGI_DATA_LAST_MOD",
]);

/** What a reply is kept under: all of a request without credentials that a filter makes the same of for everybody. */
export function keyOf(
  params: Params,
  { file, location, transform }: FilteredFile,
  { identity, length, modifiedNs }: FileFacts,
): string {
  return JSON.stringify([
    schemeOf(params),
    hostOf(params),
    // Also what is no host: a filter may read the field itself.
    params.getAll("HTTP_HOST"),
    params.get("QUERY_STRING"),
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
