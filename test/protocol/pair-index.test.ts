import fc from "fast-check";
import { expect, test } from "vitest";

import { encodeNameValuePairs } from "../../src/protocol/name-value.js";
import { PairIndex } from "../../src/protocol/pair-index.js";
import { hex } from "../support/hex.js";

/** The value that an index finds, or undefined. */
function valueIn(
  index: PairIndex,
  block: Buffer,
  { name, which }: { name: string; which: "first" | "last" },
) {
  const isFound = which === "first" ? index.findFirst(block, name) : index.findLast(block, name);
  return isFound ? block.toString("latin1", index.value, index.end) : undefined;
}

const names = fc.constantFrom(
  "",
  "A",
  "B",
  "AB",
  "BA",
  "x".repeat(127),
  "x".repeat(128),
  "y".repeat(128),
  "x".repeat(200),
);
const pairs = fc.array(fc.tuple(names, fc.string({ unit: "binary-ascii", maxLength: 300 })), {
  maxLength: 40,
});

test("an index finds the same as a scan of the pairs, whichever block was indexed before", () => {
  const index = new PairIndex();
  fc.assert(
    fc.property(fc.array(pairs, { minLength: 1, maxLength: 3 }), (lists) => {
      const blocks = lists.map((list) => encodeNameValuePairs(list));
      expect(blocks.map((block) => index.list(block))).toEqual(lists.map(({ length }) => length));
      lists.forEach((list, number) => {
        for (const name of ["", "A", "AB", "CD", "x".repeat(127), "x".repeat(128), "x".repeat(200)]) {
          const values = list.filter(([other]) => other === name).map(([, value]) => value);
          expect(valueIn(index, blocks[number]!, { name, which: "first" })).toBe(values[0]);
          expect(valueIn(index, blocks[number]!, { name, which: "last" })).toBe(values.at(-1));
        }
      });
    }),
  );
});

test("an index of a block with many pairs has all of them, and the next is separate", () => {
  const index = new PairIndex();
  const many = encodeNameValuePairs(Array.from({ length: 5000 }, (_, at) => [`N${at}`, String(at)] as const));
  const few = encodeNameValuePairs([["N1", "other"]]);
  expect(index.list(many)).toBe(5000);
  for (const at of [0, 1, 1023, 1024, 4999])
    expect(valueIn(index, many, { name: `N${at}`, which: "last" })).toBe(String(at));
  expect(index.list(few)).toBe(1);
  expect(valueIn(index, few, { name: "N1", which: "last" })).toBe("other");
  expect(valueIn(index, few, { name: "N4999", which: "last" })).toBeUndefined();
});

test("an index does not read the end of a value as a name", () => {
  const index = new PairIndex();
  // The value of A looks like the pair B=1.
  const block = hex("01 04 41  01 01 42 31");
  expect(index.list(block)).toBe(1);
  expect(valueIn(index, block, { name: "B", which: "last" })).toBeUndefined();
});

test("an index refuses a pair that exceeds the block, and forgets what it indexed of it", () => {
  const index = new PairIndex();
  const broken = hex("01 01 41 31  01 02 42 31");
  const refusal = expect.objectContaining({
    code: "ERR_FCGI_NAME_VALUE",
    message: "Cannot read name-value pairs: pair 2 reaches beyond the end of its 8 bytes",
  });
  expect(() => index.list(broken)).toThrow(refusal);
  expect(() => valueIn(index, broken, { name: "A", which: "last" })).toThrow(refusal);
  for (const cut of ["01", "80", "80 00 00", "80 00 00 01", "01 80 00 00", "01 80 00 00 01 41"])
    expect(() => index.list(hex(cut)), cut).toThrow("pair 1 reaches beyond");
});
