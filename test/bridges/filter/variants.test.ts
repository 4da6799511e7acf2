import { describe, expect, test } from "vitest";

import { namesRead, variantOf, VariantIndex } from "../../../src/bridges/filter/variant.js";
import { Params } from "../../../src/protocol/params.js";

const of = (...pairs: [string, string][]): Params => Params.from(pairs);
const ids = (variants: VariantIndex, key: string, params: Params): readonly unknown[] => {
  const found = variants.find(key, params);
  return found === undefined ? [] : [found.names];
};

describe("variants", () => {
  test("are found by the values of the names that were read, also absent ones", () => {
    const variants = new VariantIndex();
    variants.learn("k", variantOf(["A"], of(["A", "1"], ["B", "1"])));
    expect(ids(variants, "k", of(["A", "1"], ["B", "2"]))).toEqual([["A"]]);
    for (const other of [of(["A", "2"]), of(["A", ""]), of(), of(["A", "1"], ["A", "1"])])
      expect(ids(variants, "k", other)).toEqual([]);
    expect(ids(variants, "other", of(["A", "1"]))).toEqual([]);
  });

  test("of more names take precedence over those of fewer", () => {
    const variants = new VariantIndex();
    variants.learn("k", variantOf(["A", "B"], of(["A", "1"], ["B", "1"])));
    variants.learn("k", variantOf(["A"], of(["A", "1"])));
    expect(ids(variants, "k", of(["A", "1"], ["B", "1"]))).toEqual([["A", "B"]]);
    expect(ids(variants, "k", of(["A", "1"]))).toEqual([["A"]]);
  });

  test("compare values byte by byte", () => {
    const utf8 = new Params(Buffer.from([1, 2, 0x41, 0xc3, 0xa9]));
    const latin1 = new Params(Buffer.from([1, 1, 0x41, 0xe9]));
    expect(utf8.get("A")).toBe(latin1.get("A"));
    expect(variantOf(["A"], utf8).id).not.toBe(variantOf(["A"], latin1).id);
    expect(variantOf(["A", "B"], of(["A", "1"])).id).not.toBe(variantOf(["A", "B"], of(["B", "1"])).id);
  });

  test("of one key are limited, and the least recently used are evicted", () => {
    const variants = new VariantIndex();
    const forgotten: string[] = [];
    for (let n = 0; n < 40; n += 1) {
      forgotten.push(...variants.learn("k", variantOf(["A"], of(["A", `${n}`]))));
      variants.find("k", of(["A", "0"]));
    }
    expect(forgotten).toHaveLength(8);
    expect(ids(variants, "k", of(["A", "0"]))).toEqual([["A"]]);
    expect(ids(variants, "k", of(["A", "1"]))).toEqual([]);
    expect(ids(variants, "k", of(["A", "39"]))).toEqual([["A"]]);
  });

  test("of one key have a bounded number of sets of names", () => {
    const variants = new VariantIndex();
    for (let n = 0; n < 9; n += 1) variants.learn("k", variantOf([`N${n}`], of([`N${n}`, "1"])));
    expect(ids(variants, "k", of(["N0", "1"]))).toEqual([]);
    expect(ids(variants, "k", of(["N8", "1"]))).toEqual([["N8"]]);
  });
});

test("Names that all clients of an address send alike, or that describe the file, are not variants", () => {
  expect(namesRead(new Set(["X", "HTTP_HOST", "REQUEST_URI", "FCGI_DATA_LENGTH", "A"]))).toEqual(["A", "X"]);
  expect(namesRead("everything")).toBeUndefined();
});
