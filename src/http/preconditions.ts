import { parseHttpDate } from "./http-date.js";

/** The fields of a request, found by their names in lower case. */
export interface FieldLookup {
  get(name: string): string | undefined;
}

/** What tells one state of a resource from another (RFC 9110, section 8.8). */
export interface StateFacts {
  /** An entity tag with its quotes, such as `"v1"` or `W/"v1"`. */
  readonly etag: string | undefined;
  /** Last-Modified in seconds since the epoch. */
  readonly lastModified: number | undefined;
}

/** What becomes of a GET or HEAD: the answer, 304, or 412. */
export type Outcome = "proceed" | "not modified" | "failed";

/**
 * Evaluates the preconditions of a GET or HEAD in the order of RFC 9110, section 13.2.2: If-Match before
 * If-Unmodified-Since, then If-None-Match before If-Modified-Since.
 */
export function evaluatePreconditions(headers: FieldLookup, facts: StateFacts): Outcome {
  const match = given(headers, "if-match");
  if (match !== undefined) {
    if (!namesStrongly(match, facts.etag)) return "failed";
  } else {
    const since = dateOf(headers, "if-unmodified-since");
    if (since !== undefined && facts.lastModified !== undefined && facts.lastModified > since)
      return "failed";
  }
  return isNotModified(headers, facts) ? "not modified" : "proceed";
}

/** Whether the copy that the client has is still good: If-None-Match, and If-Modified-Since only without it. */
export function isNotModified(headers: FieldLookup, { etag, lastModified }: StateFacts): boolean {
  const noneMatch = given(headers, "if-none-match");
  if (noneMatch !== undefined) return namesWeakly(noneMatch, etag);
  const since = dateOf(headers, "if-modified-since");
  return since !== undefined && lastModified !== undefined && lastModified <= since;
}

/** Whether there is a condition under which the answer must not be given, rather than need not. */
export function isGuarded(headers: FieldLookup): boolean {
  return ["if-match", "if-unmodified-since"].some((name) => given(headers, name) !== undefined);
}

/** Whether a list of entity tags names this one, be it weak or not (section 8.8.3.2); "*" names any. */
function namesWeakly(list: string, etag: string | undefined): boolean {
  if (list.trim() === "*") return true;
  return etag !== undefined && tagsOf(list).some((tag) => opaque(tag) === opaque(etag));
}

/** The same with the strong comparison, in which a weak tag equals none. */
function namesStrongly(list: string, etag: string | undefined): boolean {
  if (list.trim() === "*") return true;
  return etag !== undefined && !etag.startsWith("W/") && tagsOf(list).includes(etag);
}

function tagsOf(list: string): readonly string[] {
  return list.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

/** A condition; an empty one is what some Web servers send for none. */
function given(headers: FieldLookup, name: string): string | undefined {
  const value = headers.get(name);
  return value === "" ? undefined : value;
}

function dateOf(headers: FieldLookup, name: string): number | undefined {
  return parseHttpDate(headers.get(name) ?? "");
}
