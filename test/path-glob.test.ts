import { describe, expect, test } from "vitest";

import { compileGlob } from "../src/path-glob.js";

describe("compileGlob", () => {
  test.each([
    ["*.txt", "/a.txt", true],
    ["*.txt", "/deep/down/a.txt", true],
    ["*.txt", "/a.txt/b", false],
    ["*.txt", "/.txt", true],
    ["*.txt", "/a.txt.bak", false],
    ["*.txt", "/line\nend.txt", true],
    ["*", "/a", true],
    ["*", "/deep/.hidden", true],
    ["/members/**", "/members", true],
    ["/members/**", "/members/", true],
    ["/members/**", "/members/a/.b/c", true],
    ["/members/**", "/members/a\nb", true],
    ["/members/**", "/members\n", false],
    ["/members/**", "/membersonly", false],
    ["/members/**", "/x/members/a", false],
    ["/members/*", "/members/a", true],
    ["/members/*", "/members/a/b", false],
    ["/{a,b}/**", "/b/c", true],
    ["/**/*.md", "/a.md", true],
    ["/**/*.md", "/a/b.md", true],
    ["/**", "/", true],
    ["/**", "/a\u2028/b", true],
    ["/", "/", true],
    ["/", "/a", false],
  ])("%j on %j: %s", (glob, path, expected) => {
    expect(compileGlob(glob, { caseSensitive: true })(path)).toBe(expected);
  });

  test("letters of another case match where they may", () => {
    expect(compileGlob("/Members/**", { caseSensitive: false })("/mEMBERS/a\nb")).toBe(true);
    expect(compileGlob("/Members/**", { caseSensitive: true })("/members/a")).toBe(false);
  });

  test("covers a path that is too long to be compared, so that it cannot pass by what protects", () => {
    const path = `/elsewhere/${"a".repeat(2048)}`;
    for (const glob of ["/members/**", "*.txt", "!/elsewhere/**"]) {
      expect(compileGlob(glob, { caseSensitive: true })(path)).toBe(true);
    }
  });

  test.each(["*a*b*.txt", "/*a*b*c*/**", "/a/**b**"])("refuses %s, which could take very long", (glob) => {
    expect(() => compileGlob(glob, { caseSensitive: true })).toThrow(
      expect.objectContaining({ code: "ERR_GLOB" }),
    );
  });

  test("compares the longest path with the slowest glob in a moment", () => {
    const matches = compileGlob("/**/*a*b/**/*c*d/**", { caseSensitive: true });
    const started = performance.now();
    matches(`/${"ac".repeat(1000)}`);
    matches("/ab".repeat(600));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
