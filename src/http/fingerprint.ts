import { createHash } from "node:crypto";

/** A short text that is another one, for all that can be known, where one of the parts is another one. */
export function fingerprint(parts: readonly unknown[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${String(part)}\0`);
  return hash.digest("base64url").slice(0, 16);
}

/** The text of a class with that of the classes it extends: the same in every process that runs the same code. */
export function classText(owner: object): string {
  const texts: string[] = [];
  for (let one: unknown = owner; typeof one === "function" && one !== Function.prototype;) {
    texts.push(Function.prototype.toString.call(one));
    one = Object.getPrototypeOf(one);
  }
  return texts.join("\n");
}
