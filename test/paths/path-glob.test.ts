import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import { Automaton } from "../../src/paths/automaton.js";
import { compileGlob, compileProtection, escapeGlob, globBelow } from "../../src/paths/path-glob.js";
import { readingsOf } from "../../src/paths/path-readings.js";
import { growth } from "../support/cpu.js";

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
    expect(compileGlob(glob)(path)).toBe(expected);
  });

  test.each([
    ["/!(public)/**", "/area/secret", true],
    ["/!(public)/**", "/public/a", false],
    ["/!(public)/**", "/publicity/a", true],
    ["/!(public|assets)/**", "/assets", false],
    ["/**/!(x)", "/a/y", true],
    ["/**/!(x)", "/a/x", false],
    ["/*.!(html)", "/a.html", false],
    ["/*.!(html)", "/a.css", true],
    ["/a!(!(b))c", "/abc", true],
    ["/a!(!(b))c", "/axc", false],
    ["!(a|b)", "/c/a", false],
    ["!(a|b)", "/a/c", true],
    ["/[^p]*/**", "/public/a", false],
    ["/[!p]*/**", "/public/a", false],
    ["/[!p]*/**", "/area/a", true],
    ["/[^p]*", "/a", true],
    ["/[^p]*", "/\u{1f600}", true],
    ["/?", "/\u{1f600}", true],
    [String.raw`/[\]x]`, "/]", true],
    ["!/public/**", "/public", false],
    ["!/public/**", "/area", true],
    ["!*.html", "/x/a.html", false],
    ["!*.html", "/", true],
    ["!!/a", "/a", true],
    ["/@(a|b)/c", "/b/c", true],
    ["/+(ab)", "/ababab", true],
    ["/+(ab)", "/", false],
    ["/*(ab)c", "/c", true],
    ["/?(ab)c", "/ababc", false],
    ["/a/*b*c*d", "/a/xbxcxd", true],
    ["/a**b", "/axxb", true],
    ["/a**b", "/ax/b", false],
    ["/x{,/**}", "/x/y/z", true],
    ["/{a,b/{c,d}}/e", "/b/d/e", true],
  ])("%j on %j, excluding: %s", (glob, path, expected) => {
    expect(compileGlob(glob)(path)).toBe(expected);
  });

  test("covers a path too long to compare, so that it stays protected", () => {
    const path = `/elsewhere/${"a".repeat(2048)}`;
    for (const glob of ["/members/**", "*.txt", "!/elsewhere/**", "/!(elsewhere)/**"]) {
      expect(compileGlob(glob)(path)).toBe(true);
      expect(compileProtection(glob)(path)).toBe(true);
    }
  });

  test.each([
    ["/***", "more than two stars in a row"],
    ["/(a|b)", "an unescaped ("],
    ["/a)", "an unescaped )"],
    ["/!(a/b)", "a slash or two stars in !(…)"],
    ["/!(a", "a parenthesis is not closed"],
    ["/[[:alpha:]]", "its brackets are not closed"],
    ["/{a..c}", "a range in braces"],
    ['/"a"', 'an unescaped "'],
    [`/!(*a${"?".repeat(10)})`, "too many alternatives"],
  ])("refuses %s: %s", (glob, fact) => {
    for (const compile of [compileGlob, compileProtection]) {
      expect(() => compile(glob)).toThrow(expect.objectContaining({ code: "ERR_GLOB" }));
      expect(() => compile(glob)).toThrow(fact);
    }
  });
});

describe("compileProtection", () => {
  test.each([
    ["!/public/**", "/PUBLIC/secret", true],
    ["!/public/**", "/public/a", false],
    ["!/public/**", "/public;x/a", true],
    ["!/public/**", "/public/a;x", false],
    ["!/public", "/public", false],
    ["/!(public)/**", "/PUBLIC/secret", true],
    ["/!(public)/**", "/public/x", false],
    ["/!(public)/Keys", "/PUBLIC/KEYS", true],
    ["/[^p]*/**", "/PUBLIC/secret", true],
    ["/[^p]*/**", "/public/x", false],
    ["!*.html", "/a.HTML", true],
    ["!*.html", "/a.html", false],
    ["**/!(x)", "/a/X", true],
    ["**/!(x)", "/a/x", false],
    ["!/!(members)/**", "/MEMBERS/a", true],
    ["!/!(members)/**", "/public/a", false],
    ["/keys/**", "/\u212Aeys/x", true],
    ["/\u212Aeys/**", "/keys/x", true],
    ["/staff", "/\u017Ftaff", true],
    ["/staff", "/\uFB06a\uFB00", true],
    ["/stra\u00DFe", "/STRASSE", true],
    ["/STRASSE", "/stra\u1E9Ee", true],
    ["/!(a)/stra\u00DFe", "/A/STRASSE", true],
    ["/i", "/\u0130", true],
    ["/\u0130", "/i\u0307", true],
    ["/\u0130", "/\u0131", true],
    ["/\u03A3", "/\u03C2", true],
    ["/caf\u00E9", "/CAFE\u0301", true],
    ["/cafe\u0301", "/CAF\u00C9", true],
    ["/\u{10400}", "/\u{10428}", true],
    ["/[j-l]eys", "/\u212AEYS", true],
    ["/admin*", "/admin;/x", true],
    ["/admin", "/admin;/x", true],
    ["/admin/x", "/admin;v=1/x;w=2", true],
    ["/admin/", "/admin", true],
    ["/admin", "/admin/", true],
    ["/admin", "/ADMIN./", true],
    ["/admin", "/admin ", false],
    ["/admin", "/admins", false],
    ["/admin", "/x;/admin", false],
    ["*.txt", "/a.TXT./", true],
  ])("%j on %j: %s", (glob, path, expected) => {
    expect(compileProtection(glob)(path)).toBe(expected);
  });

  test("folding and readings only add to what a glob covers", () => {
    fc.assert(
      fc.property(globs, paths, (glob, path) => {
        const exact = compileGlob(glob);
        const protects = compileProtection(glob);
        for (const reading of [path, ...readingsOf(path)]) {
          if (exact(reading)) expect([glob, path, protects(path)]).toEqual([glob, path, true]);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("a glob covers every case variant of what it covers", () => {
    const folds: readonly ((text: string) => string)[] = [
      (text) => text.toLowerCase(),
      (text) => text.toUpperCase(),
      (text) => text.toUpperCase().toLowerCase(),
      (text) => text.normalize("NFD").toUpperCase(),
      (text) => text.normalize("NFC"),
    ];
    fc.assert(
      fc.property(names, names, fc.constantFrom(...folds), (one, other, fold) => {
        if (fold(one) !== fold(other)) return;
        expect([one, other, compileProtection(`/x/${escapeGlob(one)}/**`)(`/x/${other}/y`)]).toEqual([
          one,
          other,
          true,
        ]);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("the cost of a glob", () => {
  test.each([
    ["/**/a/**/b/**/c", (n: number) => "/a/b".repeat(n)],
    ["/**/*a*b*c*/**/d", (n: number) => `/${"abc".repeat(n)}`],
    ["*a*a*a*a*b", (n: number) => `/${"a".repeat(n)}`],
    ["/+(a|aa|aaa)b", (n: number) => `/${"a".repeat(n)}`],
    ["/*(*(a)*(b))c", (n: number) => `/${"ab".repeat(n)}`],
    ["/!(*a*b)/**/!(c)", (n: number) => "/ab/c".repeat(n)],
    ["/{a,b,**/c}/**/{d,**/e}", (n: number) => "/c/d".repeat(n)],
    ["!/**/a/**/b", (n: number) => "/a".repeat(n)],
    ["/s*s*s*ß", (n: number) => `/${"sſß".repeat(n)}`],
    ["/\u4e00*\u4e00*", (n: number) => `/${"\u4e00".repeat(n)}`],
    ["/a/**/;/**", (n: number) => "/a;b".repeat(n)],
  ])("of %s is linear in the path", (glob, pathOf) => {
    // Four times the path is four times the steps; with the square it would be sixteen.
    const steps = (n: number): number => {
      const path = pathOf(n).slice(0, 2040);
      const step = vi.spyOn(Automaton.prototype, "step");
      compileProtection(glob)(path);
      const work = step.mock.calls.reduce((sum, [states]) => sum + states.length, 0);
      step.mockRestore();
      return Math.max(work, 1);
    };
    const short = steps(40);
    expect(steps(160)).toBeLessThanOrEqual(6 * short);
  });

  test("is proportional to a path of which each character can begin a match", async () => {
    // 2^12 places; far more than are remembered.
    const glob = `/*a${"?".repeat(12)}`;
    const matches = compileGlob(glob);
    const path = (length: number): string =>
      `/${Array.from({ length }, (_, index) => (Math.imul(index, 2654435761) & 0x10000 ? "a" : "b")).join("")}`;
    const paths = new Map([500, 2000].map((length) => [length, path(length)]));
    const cost = await growth(2000, (length) => {
      for (let round = 0; round < 400; round += 1) matches(paths.get(length)!);
    });
    expect(cost).toBeLessThanOrEqual(1);
  });
});

describe("globBelow", () => {
  test.each([
    ["/members/**", "/app/members/**"],
    ["members/**", "/app/members/**"],
    ["!/public/**", "!/app/public/**"],
    ["/!(public)/**", "/app/!(public)/**"],
    ["{/a,/b}/**", "/app{/a,/b}/**"],
    ["*.txt", "*.txt"],
    ["!*.txt", "!*.txt"],
    ["!(a)", "!(a)"],
  ])("%s below /app is %s", (glob, expected) => {
    expect(globBelow(glob, "/app")).toBe(expected);
    expect(globBelow(glob, "")).toBe(glob);
  });
});

const letters =
  "a A b k K \u212A s S \u017F ss \u00DF \u1E9E i I \u0130 \u0131 \u00E9 \u00C9 e\u0301 E\u0301 \uFB01 fi \uFB06 st ST \u03C3 \u03C2 \u03A3 \u{10400} \u{10428} \u1F82 \u0390 \u03B9\u0308\u0301".split(
    " ",
  );
const names = fc
  .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(""));
const globs = fc
  .tuple(
    fc.constantFrom("/", "!/", "", "!"),
    fc.array(
      fc.oneof(
        fc.constantFrom(...letters),
        fc.constantFrom(..."* ** / /**/ /** ? [^a] [a-z] !(a) !(A|b) {a,B/**} +(k) .txt \u003B".split(" ")),
      ),
      { minLength: 1, maxLength: 5 },
    ),
  )
  .map(([start, parts]) => start + parts.join(""))
  .filter((glob) => {
    try {
      compileGlob(glob);
      return true;
    } catch {
      return false;
    }
  });
const paths = fc
  .array(fc.array(fc.constantFrom(...letters, ".", ";", ";x", ".txt", " "), { maxLength: 3 }), {
    maxLength: 4,
  })
  .map((segments) => `/${segments.map((parts) => parts.join("")).join("/")}`);
