import { createCipheriv, createHash } from "node:crypto";

/** The same bytes each time, of all values and in no order: what a server changes on the way does not go unseen. */
export function payload(bytes: number): Buffer {
  const zeroes = Buffer.alloc(16);
  return createCipheriv("aes-128-ctr", zeroes, zeroes).update(Buffer.alloc(bytes));
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
