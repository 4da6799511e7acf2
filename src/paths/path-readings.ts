/** What a path has that not every program reads in the same way. */
const NEEDS_CARE = /;|\.(?:\/|$)|\/$|[^\0-\x7f]/;

/**
 * The readings of a decoded path: itself first, and what programs behind a Web server could take it for. Some routers cut
 * it at its first ";", others cut each segment there; some file systems drop dots at the end of a name, and
 * compose what is decomposed; to routes a slash at the end means nothing. Letters are compared in all their spellings with
 * each of these.
 *
 * Whatever one of them leads to is protected as that is, so that another reading can only add to what has to allow.
 */
export function readingsOf(path: string): readonly string[] {
  if (!NEEDS_CARE.test(path)) return [path];
  let readings = [path];
  for (const others of STEPS)
    readings = [...new Set(readings.flatMap((reading) => [reading, ...others(reading)]))];
  return readings;
}

const STEPS: readonly ((path: string) => readonly string[])[] = [
  (path) => (path.includes(";") ? [cutAtFirst(path), cutSegments(path)] : []),
  (path) => [withoutDots(path)],
  (path) => [withoutSlash(path)],
  (path) => [path.normalize("NFC")],
];

function cutAtFirst(path: string): string {
  return path.slice(0, path.indexOf(";"));
}

function cutSegments(path: string): string {
  return path.replaceAll(/;[^/]*/g, "").replaceAll(/\/{2,}/g, "/");
}

function withoutDots(path: string): string {
  return path.split("/").map(trimEnd).join("/");
}

/** A name without dots at its end, unless it has nothing else. */
function trimEnd(name: string): string {
  let end = name.length;
  while (end > 0 && name[end - 1] === ".") end -= 1;
  return end === 0 ? name : name.slice(0, end);
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
