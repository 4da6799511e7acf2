/** Returns a digest of 16 characters, for entity tags and cache keys, that changes when any part changes. */
export function shortDigest(parts: readonly unknown[]): string {
  // Loaded here: it is 25 modules of Node.js, which many applications never use.
  const { createHash } = process.getBuiltinModule("node:crypto");
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${String(part)}\0`);
  return hash.digest("base64url").slice(0, 16);
}
