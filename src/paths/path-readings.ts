/** Matches paths that programs may read differently. */
const NEEDS_CARE = /;|\.(?:\/|$)|\/$|[^\0-\x7f]/;

/**
 * Returns the readings of a decoded path: the path itself first, then the paths that programs behind a Web server may read
 * it as. Some routers cut it at the first ";", others each segment; some file systems drop dots at the end of a name and
 * compose decomposed characters; routes ignore a trailing slash. Case is handled when a glob is compared with each reading.
 *
 * A path is protected if any reading is, so another reading only adds authorizers that must allow.
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

/** Removes the dots at the end of a name, unless it has nothing else. */
function trimEnd(name: string): string {
  let end = name.length;
  while (end > 0 && name[end - 1] === ".") end -= 1;
  return end === 0 ? name : name.slice(0, end);
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
