/**
 * The hop-by-hop header fields, in lower case (RFC 9110, section 7.6.1). They describe one connection, which the Web server
 * owns, so a reply cannot have them and none is forwarded.
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

/** Fields that are kept even if a Connection field lists them, because the request or its body depends on them. */
const NEVER_LISTED: ReadonlySet<string> = new Set(["host", "content-length", "content-type"]);

/**
 * Removes the hop-by-hop fields: those of {@link hopByHop} and those that a Connection field lists. The others keep their
 * order and repetition.
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
