/** Fields that belong to one connection (RFC 9110 section 7.6.1), or that the server in front answers itself. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Fields that keep their meaning although a Connection field lists them: the body depends on them, or the request. */
const NEVER_LISTED = new Set(["host", "content-length", "content-type"]);

/**
 * Leaves out the header fields that are meant for one connection only: the well-known ones and those that a
 * Connection field lists. Order and repetition of the others stay.
 */
export function endToEnd(
  fields: Iterable<readonly [name: string, value: string]>,
): [name: string, value: string][] {
  const all = Array.from(fields, ([name, value]): [string, string] => [name, value]);
  const listed = new Set<string>();
  for (const [name, value] of all) {
    if (name.toLowerCase() === "connection") {
      for (const option of value.split(",")) listed.add(option.trim().toLowerCase());
    }
  }
  for (const name of NEVER_LISTED) listed.delete(name);
  return all.filter(([name]) => {
    const key = name.toLowerCase();
    return !HOP_BY_HOP.has(key) && !listed.has(key);
  });
}
