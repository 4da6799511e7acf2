import { decodePath, normalizePath, pathBelow, withoutSlash } from "./location.js";

/** Stands for a segment that globs never match, but that a router captures as any other: an empty one, "." and "..". */
const ANY_NAME = "...";

/**
 * Every path that whoever answers could take a raw path for, below the mount: with dot segments resolved or left as they
 * are, with an escaped slash as a slash or as a part of a name, with and without a slash at its end. Web servers resolve
 * them, routers do not; what is protected must not depend on it.
 *
 * @returns undefined where the path is not to be understood at all, so that nothing may be decided by it
 */
export function readingsOf(raw: string, mount = ""): readonly string[] | undefined {
  // Escaped once more, it comes out of the decoding as it went in.
  const spellings = [raw, raw.replaceAll(/%2f/gi, "%252F")];
  const readings = new Set<string>();
  for (const path of [...spellings.map(normalizePath), ...spellings.map(literalPath)]) {
    if (path === undefined) return undefined;
    const bare = withoutSlash(pathBelow(path, mount) ?? path);
    readings.add(`${bare}/`);
    if (bare !== "") readings.add(bare);
  }
  return [...readings];
}

/** The decoded path, with a name in place of each segment that has a meaning and no name. */
function literalPath(raw: string): string | undefined {
  const [first = "", ...segments] = decodePath(raw)?.split("/") ?? [];
  const named = segments.map((segment, index) => {
    const isLast = index === segments.length - 1;
    return segment === "." || segment === ".." || (segment === "" && !isLast) ? ANY_NAME : segment;
  });
  return [first, ...named].join("/");
}
