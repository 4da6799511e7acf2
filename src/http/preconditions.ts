import { parseHttpDate } from "./http-date.js";

/** The header fields of a request, by lower-case name. */
export interface FieldLookup {
  get(name: string): string | undefined;
}

/** The validators of a representation (RFC 9110, section 8.8). */
export interface StateFacts {
  /** An entity tag with its quotes, such as `"v1"` or `W/"v1"`. */
  readonly etag: string | undefined;
  /** Last-Modified in seconds since the epoch. */
  readonly lastModified: number | undefined;
}

/** The result for a GET or HEAD: the answer, 304, or 412. */
export type Outcome = "proceed" | "not modified" | "failed";

/**
 * Evaluates the preconditions of a GET or HEAD in the order of RFC 9110, section 13.2.2: If-Match before
 * If-Unmodified-Since, then If-None-Match before If-Modified-Since.
 */
export function evaluatePreconditions(headers: FieldLookup, facts: StateFacts): Outcome {
  const match = given(headers, "if-match");
  if (match !== undefined) {
    if (!matchesStrongly(match, facts.etag)) return "failed";
  } else {
    const since = dateOf(headers, "if-unmodified-since");
    if (since !== undefined && facts.lastModified !== undefined && facts.lastModified > since)
      return "failed";
  }
  return isNotModified(headers, facts) ? "not modified" : "proceed";
}

/** Whether the client's copy is current: by If-None-Match, or without that by If-Modified-Since. */
export function isNotModified(headers: FieldLookup, { etag, lastModified }: StateFacts): boolean {
  const noneMatch = given(headers, "if-none-match");
  if (noneMatch !== undefined) return matchesWeakly(noneMatch, etag);
  const since = dateOf(headers, "if-modified-since");
  return since !== undefined && lastModified !== undefined && lastModified <= since;
}

/** Whether the request has a condition that fails with 412. */
export function isGuarded(headers: FieldLookup): boolean {
  return ["if-match", "if-unmodified-since"].some((name) => given(headers, name) !== undefined);
}

/** Whether a list has this entity tag by weak comparison (section 8.8.3.2); "*" matches any. */
function matchesWeakly(list: string, etag: string | undefined): boolean {
  if (list.trim() === "*") return true;
  return etag !== undefined && tagsOf(list).some((tag) => opaque(tag) === opaque(etag));
}

/** Whether a list has this entity tag by strong comparison, in which a weak tag equals none. */
function matchesStrongly(list: string, etag: string | undefined): boolean {
  if (list.trim() === "*") return true;
  return etag !== undefined && !etag.startsWith("W/") && tagsOf(list).includes(etag);
}

function tagsOf(list: string): readonly string[] {
  return list.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

/** Returns a condition; undefined if it is empty, because some Web servers send absent fields as empty ones. */
function given(headers: FieldLookup, name: string): string | undefined {
  const value = headers.get(name);
  return value === "" ? undefined : value;
}

function dateOf(headers: FieldLookup, name: string): number | undefined {
  return parseHttpDate(headers.get(name) ?? "");
}
