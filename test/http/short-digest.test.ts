import { expect, test } from "vitest";

import { classText } from "../../src/decorators/class.js";
import { shortDigest } from "../../src/http/short-digest.js";

test("A short digest changes when any part changes", () => {
  expect(shortDigest(["a", 1n, undefined])).toBe(shortDigest(["a", 1n, undefined]));
  const different = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], []].map(shortDigest);
  expect(new Set(different).size).toBe(different.length);
  for (const print of different) expect(print).toMatch(/^[A-Za-z0-9_-]{16}$/);
});

test("The text of a class includes its methods and inherited ones", () => {
  class Base {
    greet() {
      return "from the base";
    }
  }
  class Derived extends Base {
    part() {
      return "from the class";
    }
  }
  expect(classText(Derived)).toContain("from the class");
  expect(classText(Derived)).toContain("from the base");
  expect(classText(Base)).not.toContain("from the class");
});
