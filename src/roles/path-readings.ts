import { decodePath, normalizePath, pathBelow, withoutSlash } from "./location.js";

/**
 * Every path that whoever answers could take a raw path for, below the mount: with dot segments resolved or left as they
 * are, with an escaped slash as a slash or as a part of a name, with and without a slash at its end. Web servers resolve
 * them, routers do not; what is protected must not depend on it.
 *
 * @returns undefined where the path is not to be understood at all, so that nothing may be decided by it
 */
export function readingsOf(raw: string, mount = ""): readonly string[] | undefined {
  // Escaped once more, it comes out of the decoding as it went in.
  const withoutSlashes = raw.replaceAll(/%2f/gi, "%252F");
  const resolved = [raw, withoutSlashes].map(normalizePath);
  const literal = [raw, withoutSlashes].map(decodePath);
  const readings = new Set<string>();
  for (const path of [...resolved, ...literal]) {
    if (path === undefined) return undefined;
    const below = pathBelow(path, mount) ?? path;
    const bare = withoutSlash(below);
    readings.add(below);
    readings.add(`${bare}/`);
    if (bare !== "") readings.add(bare);
  }
  return [...readings];
}
