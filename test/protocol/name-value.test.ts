import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  countPairs,
  decodeNameValuePairs,
  encodeNameValuePairs,
  locatePair,
} from "../../src/protocol/name-value.js";
import { hex } from "../support/hex.js";

const long = "x".repeat(128);
const longHex = "78".repeat(128);

describe("name-value pairs (section 3.4)", () => {
  test.each([
    ["1-byte name, 1-byte value", "ab", "c", `02 01  61 62  63`],
    ["1-byte name, 4-byte value", "ab", long, `02 80 00 00 80  61 62  ${longHex}`],
    ["4-byte name, 1-byte value", long, "c", `80 00 00 80 01  ${longHex}  63`],
    ["4-byte name, 4-byte value", long, long, `80 00 00 80 80 00 00 80  ${longHex}  ${longHex}`],
    ["the longest 1-byte length", "", "x".repeat(127), `00 7f  ${"78".repeat(127)}`],
    ["no name and no value", "", "", "00 00"],
  ])("are encoded and decoded: %s", (_form, name, value, bytes) => {
    expect(encodeNameValuePairs([[name, value]])).toEqual(hex(bytes));
    expect(decodeNameValuePairs(hex(bytes))).toEqual([[name, value]]);
  });

  test("are decoded when a short length uses four bytes", () => {
    expect(decodeNameValuePairs(hex("80 00 00 01  80 00 00 00  61"))).toEqual([["a", ""]]);
  });

  test("are decoded in sequence, with repeated names", () => {
    expect(decodeNameValuePairs(hex("01 01 61 31  01 01 61 32"))).toEqual([
      ["a", "1"],
      ["a", "2"],
    ]);
  });

  test("are UTF-8 for text, and unchanged for bytes", () => {
    expect(encodeNameValuePairs([["é", hex("ff 00")]])).toEqual(hex("02 02  c3 a9  ff 00"));
  });

  test("are the same after encoding and decoding", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 200 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 20 }), (pairs) => {
        expect(decodeNameValuePairs(encodeNameValuePairs(pairs))).toEqual(pairs);
      }),
    );
  });
});

describe("a block that ends inside a pair", () => {
  test.each([
    ["in the name length", "80 00"],
    ["before the value length", "01"],
    ["in the value length", "01 80 00 00"],
    ["in the name", "02 00 61"],
    ["in the value", "01 02 61 62"],
    ["behind a whole pair", "01 01 61 62  05 00"],
  ])("is refused: %s", (_place, bytes) => {
    const block = hex(bytes);
    expect(() => countPairs(block)).toThrow(expect.objectContaining({ code: "ERR_FCGI_NAME_VALUE" }));
    expect(() => decodeNameValuePairs(block)).toThrow(
      expect.objectContaining({ code: "ERR_FCGI_NAME_VALUE" }),
    );
  });

  test.each([
    ["name", "ff ff ff ff  00  61"],
    ["value", "01  ff ff ff ff  61 62"],
    ["both", "ff ff ff ff  ff ff ff ff  61"],
  ])("is refused without an allocation when the length is forged: %s", (_what, bytes) => {
    const block = hex(bytes);
    const before = process.memoryUsage().arrayBuffers;
    for (let time = 0; time < 1000; time += 1) expect(() => countPairs(block)).toThrow("reaches beyond");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  test("is refused at any division", () => {
    const block = encodeNameValuePairs([
      ["REQUEST_METHOD", "GET"],
      ["HTTP_COOKIE", long],
    ]);
    const whole = 2 + "REQUEST_METHODGET".length;
    for (let length = 1; length < block.length; length += 1) {
      if (length === whole) continue;
      expect(() => countPairs(block.subarray(0, length)), `cut at ${length}`).toThrow("reaches beyond");
    }
  });
});

test("locatePair returns the offsets of a pair", () => {
  const position = { name: 0, value: 0, end: 0 };
  expect(locatePair(hex("00 00  02 01 61 62 63"), 2, position)).toBe(true);
  expect(position).toEqual({ name: 4, value: 6, end: 7 });
  expect(locatePair(hex("00 00"), 2, position)).toBe(false);
});

test("any bytes are either pairs that fill the block or refused", () => {
  let pairs = 0;
  let refusals = 0;
  // Short lengths, so that some blocks are filled by their pairs.
  const bytes = fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(2) }, fc.nat(255)), { maxLength: 64 });
  fc.assert(
    fc.property(bytes, (bytes) => {
      const block = Buffer.from(bytes);
      let count;
      try {
        count = countPairs(block);
      } catch (error) {
        expect(error).toMatchObject({ code: "ERR_FCGI_NAME_VALUE" });
        refusals += 1;
        return;
      }
      expect(decodeNameValuePairs(block)).toHaveLength(count);
      pairs += count;
    }),
    { numRuns: 500 },
  );
  expect(pairs).toBeGreaterThan(50);
  expect(refusals).toBeGreaterThan(50);
});
