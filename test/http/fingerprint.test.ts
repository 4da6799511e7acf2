import { expect, test } from "vitest";

import { classText, fingerprint } from "../../src/http/fingerprint.js";

test("A fingerprint is the same for the same parts, and another one for others", () => {
  expect(fingerprint(["a", 1n, undefined])).toBe(fingerprint(["a", 1n, undefined]));
  const different = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], []].map(fingerprint);
  expect(new Set(different).size).toBe(different.length);
  for (const print of different) expect(print).toMatch(/^[A-Za-z0-9_-]{16}$/);
});

test("The text of a class has its methods and those that it inherits", () => {
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
