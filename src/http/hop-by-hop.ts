/**
 * Header fields about one connection, in lower case (RFC 9110, section 7.6.1). The Web server owns both connections, so
 * that a reply can have none of them, and none is handed on.
 */
export const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Fields that keep their meaning although a Connection field lists them: the body depends on them, or the request. */
const NEVER_LISTED: ReadonlySet<string> = new Set(["host", "content-length", "content-type"]);

/**
 * Leaves out the header fields about one connection: those of {@link hopByHop} and those that a Connection field lists.
 * Order and repetition of the others stay.
 */
export function endToEnd<Field extends readonly [name: string, value: unknown]>(
  fields: Iterable<Field>,
): Field[] {
  const kept: Field[] = [];
  let listed: Set<string> | undefined;
  for (const field of fields) {
    const name = field[0].toLowerCase();
    if (name === "connection") listed = withOptions(listed, String(field[1]));
    if (!hopByHop.has(name)) kept.push(field);
  }
  return listed === undefined ? kept : kept.filter(([name]) => !listed.has(name.toLowerCase()));
}

function withOptions(listed: Set<string> | undefined, value: string): Set<string> {
  const names = listed ?? new Set<string>();
  for (const option of value.split(",")) {
    const name = option.trim().toLowerCase();
    if (!NEVER_LISTED.has(name)) names.add(name);
  }
  return names;
}
