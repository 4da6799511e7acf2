/**
 * Whether the policies of a Content-Security-Policy field (CSP 3) let a page load a script of its own origin and connect to it.
 * Policies are separated by commas, and all of them hold.
 */
export function allowsOwnScript(field: string): boolean {
  return field.split(",").every((policy) => {
    const directives = directivesOf(policy);
    const sandbox = directives.get("sandbox");
    if (
      sandbox !== undefined &&
      !(sandbox.includes("allow-scripts") && sandbox.includes("allow-same-origin"))
    )
      return false;
    return (
      allowsSelf(directives, ["script-src-elem", "script-src", "default-src"]) &&
      allowsSelf(directives, ["connect-src", "default-src"])
    );
  });
}

/** The first directive of each name counts. */
function directivesOf(policy: string): ReadonlyMap<string, readonly string[]> {
  const directives = new Map<string, readonly string[]>();
  for (const text of policy.split(";")) {
    const [name = "", ...values] = text.trim().toLowerCase().split(/\s+/);
    if (name !== "" && !directives.has(name)) directives.set(name, values);
  }
  return directives;
}

/** The first of these directives that is there decides. With 'strict-dynamic' sources of a host or 'self' do not count. */
function allowsSelf(directives: ReadonlyMap<string, readonly string[]>, names: readonly string[]): boolean {
  const sources = names.map((name) => directives.get(name)).find((found) => found !== undefined);
  if (sources === undefined) return true;
  if (sources.includes("'strict-dynamic'")) return false;
  return sources.includes("'self'") || sources.includes("*");
}
