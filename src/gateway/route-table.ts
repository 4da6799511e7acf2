import { ConfigurationError } from "../errors.js";
import { compileGlob, isGlob, type PathMatcher } from "../path-glob.js";
import type { GatewayRoutes } from "../routes-of.js";

/** The routes of a gateway, compiled. All paths that it is asked for are decoded. */
export class RouteTable {
  readonly #protected: readonly PathMatcher[];
  readonly #filtered: readonly PathMatcher[];
  readonly #responded: readonly PathMatcher[];

  /** Throws ConfigurationError `ERR_GATEWAY_ROUTE` at an entry that cannot cover anything. */
  constructor({ protect, filter, respond }: GatewayRoutes) {
    this.#protected = requireEntries("protect", protect).map(compileProtection);
    this.#filtered = requireEntries("filter", filter).map((glob) =>
      compileGlob(glob, { caseSensitive: true }),
    );
    this.#responded = requireEntries("respond", respond).map(compileRespond);
  }

  /** Whether an authorizer must allow this path. In doubt it must: case and dots at the end make no difference. */
  protects(path: string): boolean {
    return this.#protected.some((covers) => covers(path));
  }

  /** Whether a file of this name passes through a filter. */
  filters(path: string): boolean {
    return this.#filtered.some((covers) => covers(path));
  }

  /** Whether a responder answers for this path. */
  responds(path: string): boolean {
    return this.#responded.some((covers) => covers(path));
  }
}

function requireEntries(list: string, entries: readonly string[]): readonly string[] {
  for (const entry of entries) {
    if (entry === "")
      throw new ConfigurationError("ERR_GATEWAY_ROUTE", `Cannot ${list} "": the entry is empty`);
  }
  return entries;
}

/**
 * Some file systems open one file by several names: other case, other Unicode composition, dots and spaces at the end
 * of a segment. Some routers ignore a slash at the end, or all that stands behind a ";" in a segment or in the path.
 * All of these are covered with the path itself.
 */
function compileProtection(glob: string): PathMatcher {
  // What a negated glob leaves out is free, so there only the exact spelling counts.
  if (glob.startsWith("!")) return compileGlob(glob, { caseSensitive: true });
  const covers = compileGlob(glob, { caseSensitive: false });
  return (path) => {
    if (covers(path)) return true;
    const readings = [path, path.replaceAll(/;[^/]*/g, ""), path.replace(/;.*$/s, "")].map(fold);
    return readings.some((reading) => covers(reading) || covers(withoutSlash(reading)));
  };
}

function fold(path: string): string {
  return path.normalize("NFC").split("/").map(withoutDotsAtEnd).join("/");
}

/** Not by a regular expression, whose time would grow with the square of the dots. */
function withoutDotsAtEnd(segment: string): string {
  let end = segment.length;
  while (end > 0 && (segment[end - 1] === "." || segment[end - 1] === " ")) end -= 1;
  return segment.slice(0, end);
}

function compileRespond(entry: string): PathMatcher {
  if (isGlob(entry)) {
    const covers = compileGlob(entry, { caseSensitive: true });
    return (path) => covers(path) || covers(withoutSlash(path));
  }
  if (!entry.startsWith("/")) {
    throw new ConfigurationError(
      "ERR_GATEWAY_ROUTE",
      `Cannot respond "${entry}": it does not start with "/"`,
    );
  }
  if (entry.endsWith("$")) {
    const exact = withoutSlash(entry.slice(0, -1));
    return (path) => withoutSlash(path) === exact;
  }
  const prefix = withoutSlash(entry);
  return prefix === "/" ? () => true : (path) => path === prefix || path.startsWith(`${prefix}/`);
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
