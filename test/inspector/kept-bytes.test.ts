import { expect, test } from "vitest";

import { KeptBytes } from "../../src/inspector/kept-bytes.js";

test("KeptBytes keeps the beginning of a stream and counts the rest", () => {
  const kept = new KeptBytes(10);
  const memory = ["abc", "defgh", "ijklm", "n"].map((piece) => kept.push(Buffer.from(piece)));
  expect(kept.bytes.toString()).toBe("abcdefghij");
  expect(kept.length).toBe(14);
  expect(kept.isWhole).toBe(false);
  expect(memory.reduce((sum, bytes) => sum + bytes, 0)).toBe(10);
  expect(memory[3]).toBe(0);
});

test("KeptBytes copies, so that a chunk that is used again changes nothing", () => {
  const kept = new KeptBytes(10);
  const chunk = Buffer.from("abc");
  kept.push(chunk);
  chunk.fill("x");
  expect(kept.bytes.toString()).toBe("abc");
  expect(kept.isWhole).toBe(true);
});
