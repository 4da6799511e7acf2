import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { RegexUnit } from "../../src/config/plan/literal-regex.js";
import { pathRegex, type PathRegexOptions } from "../../src/config/plan/path-regex.js";
import { compileGlob, compileProtection, escapeGlob } from "../../src/paths/path-glob.js";
import { regexOf } from "../config/support/regex-of.js";

const file = { covers: "file", unit: "bytes" } as const;
const route = { covers: "route", unit: "bytes" } as const;
const anyReading = { covers: "anyReading", unit: "bytes" } as const;

/** What a Web server would say, which looks at the bytes of a path or at its characters. */
function covers(source: string, path: string, options: PathRegexOptions): boolean {
  return regexOf(source, options).test(
    options.unit === "bytes" ? Buffer.from(path).toString("latin1") : path,
  );
}

describe("pathRegex", () => {
  test.each([
    ["/members/**", String.raw`^/members(?:/|$)`],
    ["*.pdf", String.raw`/[^/]*\.pdf$`],
    ["/**", "^/"],
    ["/books", "^/books$"],
    ["/books/*", "^/books/[^/]+/?$"],
    ["/**/*.md", String.raw`^/(?:[^/]*/)*[^/]*\.md$`],
    ["docs/?.md", String.raw`^/docs/[^/][\x80-\xbf]*\.md$`],
    ["/{a,b/**}", String.raw`^/(?:a|b/[\s\S]*)$`],
    [String.raw`/a b/\{c\}`, String.raw`^/a\x20b/\x7bc\x7d$`],
    ["/Ä", String.raw`^/\xc3\x84$`],
    ["/v[0-9]/[ab]", "^/v[0-9]/[ab]/?$"],
  ])("of the files of %s is %s", (glob, expected) => {
    expect(pathRegex([glob], file)).toBe(expected);
  });

  test.each([
    ["/api/**", String.raw`^/ap(?:i|\xc4\xb1|\xc4\xb0)\.*(?:[/\x3b]|$)`],
    ["/Keep", String.raw`^/(?:k|\xe2\x84\xaa)eep\.*/?(?:\x3b[\s\S]*)?$`],
    ["/a/b", String.raw`^/a\.*(?:\x3b[^/]*)?/b\.*/?(?:\x3b[\s\S]*)?$`],
    ["/ö", String.raw`^/(?:o\xcc\x88|\xc3\xb6|\xc3\x96)\.*/?(?:\x3b[\s\S]*)?$`],
    ["/off", String.raw`^/o(?:ff|\xef\xac\x80)\.*/?(?:\x3b[\s\S]*)?$`],
    ["/[^p]", String.raw`^/(?:(?-i:[^p/])|[^/][\x80-\xff])[\x80-\xff]*\.*/?(?:\x3b[\s\S]*)?$`],
    ["/**", "^/"],
  ])("of every reading of %s is %s", (glob, expected) => {
    expect(pathRegex([glob], anyReading)).toBe(expected);
  });

  test("several globs are alternatives, each once", () => {
    expect(pathRegex(["/a", "/b/**", "/a"], file)).toBe("^/a$|^/b(?:/|$)");
    expect(() => pathRegex([], file)).toThrow(TypeError);
  });

  test.each([
    ["/books", "/books/"],
    ["*.pdf", "/a.pdf/"],
    ["/a/{b,c}", "/a/c/"],
    ["/", "/"],
  ])("a trailing slash does not change the routes of %s", (glob, path) => {
    expect(covers(pathRegex([glob], route), path, route)).toBe(true);
    expect(covers(pathRegex([glob], file), path, file)).toBe(path === "/");
  });

  test.each([
    ["/keys/**", "/\u212Aeys/x"],
    ["/staff", "/\u017FTA\uFB00"],
    ["/Straße/**", "/STRASSE/a"],
    ["/strasse", "/straße"],
    ["/file", "/F\u0131LE"],
    ["/i", "/\u0130"],
    ["/ΣΆΒΒΑΤΟ/**", "/σάββατο/a"],
    ["/ΣΆΒΒΑΤΟ/**", "/ςα\u0301Βατο".replace("Β", "Ββ")],
    ["/\u{10400}", "/\u{10428}"],
    ["/Å", "/\u212B"],
    ["/admin*", "/admin;/x"],
    ["/admin", "/admin;/x"],
    ["/admin/*", "/admin;v=1/x;w"],
    ["/admin", "/admin./;x"],
    ["/[^p]*/**", "/PUBLIC/x"],
    ["/[a-z]", "/\u212A"],
    ["/a/**/", "/a/b"],
  ])("every reading of %s has %s", (glob, path) => {
    for (const unit of ["bytes", "characters"] as const) {
      const options = { unit, covers: "anyReading" } as const;
      expect([unit, covers(pathRegex([glob], options), path, options)]).toEqual([unit, true]);
    }
    expect(compileProtection(glob)(path)).toBe(true);
  });

  test.each([
    ["!/members/**", "it begins with !"],
    ["/@(a|b)(", "it has an unescaped ("],
    ["/!(public)/**", "it has an extglob"],
    ["/+(a)", "it has an extglob"],
    ["/*(a)", "it has an extglob"],
    ["/?(a)", "it has an extglob"],
    ["/a|b", "it has an unescaped |"],
    ['/"a"', 'it has an unescaped "'],
    ["/{1..3}", "it has a range in braces"],
    ["/{a}", "its braces have no comma"],
    ["/{a,b", "a brace is not closed"],
    ["/a}", "it has an unescaped }"],
    ["/[a", "its brackets are not closed"],
    ["/[ä]", "it has a class with non-ASCII characters"],
    ["/[z-a]", "its range z-a is out of order"],
    ["/[ab]+", "it has + after brackets or braces"],
    ["/*a*b*", "*a*b* has more than 2 stars"],
    ["/**/a/**/b/**/c", "it has more than 2 segments ** before its end"],
    [String.raw`/\d`, "it has a backslash before"],
    ["//a", "it has an empty segment"],
    ["", "it is empty"],
    ["{,a}", "it matches an empty name"],
  ])("refuses %s, by its name: %s", (glob, fact) => {
    const expected = { name: "ConfigurationError", code: "ERR_GLOB" };
    expect(() => pathRegex([glob], file)).toThrow(expect.objectContaining(expected));
    expect(() => pathRegex([glob], file)).toThrow(`glob ${JSON.stringify(glob)}: ${fact}`);
  });

  test("refuses a text with too many spellings", () => {
    expect(() => pathRegex([`/${"s".repeat(20)}`], anyReading)).toThrow(/has too many spellings/);
  });
});

/** Parts of globs, rather the difficult ones. */
const PARTS =
  String.raw`a b Ab . * * ? ** / / /** /**/ *.md - @ + , ! $ {a,b} {a,/**} {,b} {*.a,b/*} {x,/**/a} {**,a} {b/,c} [ab]
  [a-c] [^a] [^B] @(a|b) ^ \* \( ä ß σ é ss ff st k i 😀 \. ;`
    .split(/\s+/)
    .concat(" ");
const globs = fc
  .tuple(
    fc.constantFrom("/", "/", "/", "", "/a/", "/members/"),
    fc.array(fc.constantFrom(...PARTS), { maxLength: 6 }),
  )
  .map(([start, parts]) => start + parts.join(""))
  .filter(isKnown);

/** Parts of names in paths; paths are normalised, so that no segment is empty or made of dots. */
const NAMES =
  "a b c A B aB . .. md * ( - [ab] ä Ä a\u0308 ß SS ss \u1E9E ς Σ 😀 x + $ members ; ; ;v=1 é \u0130 i I \u0131 \u037E \u212A k \u017Ft \uFB00 \uFB06"
    .split(" ")
    .concat(" ", "\n");
const segments = fc
  .array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(""))
  .filter((text) => !/^\.{1,2}(?:;|$)|^;/.test(text));
const paths = fc
  .tuple(fc.array(segments, { maxLength: 4 }), fc.constantFrom("", "/"))
  .map(([names, end]) => `/${names.join("/")}${names.length > 0 ? end : ""}`);

function isKnown(glob: string): boolean {
  try {
    compileGlob(glob);
    return true;
  } catch {
    return false;
  }
}

function translated(glob: string, options: PathRegexOptions): string | undefined {
  try {
    return pathRegex([glob], options);
  } catch (error) {
    expect(error).toMatchObject({ code: "ERR_GLOB" });
    return undefined;
  }
}

const units = fc.constantFrom<RegexUnit[]>("bytes", "characters");
const every = fc.record({
  unit: units,
  covers: fc.constantFrom<PathRegexOptions["covers"][]>("file", "route", "anyReading"),
});
const manyPaths = fc.array(paths, { minLength: 20, maxLength: 40 });

describe("for any glob", () => {
  test("the regular expression of its files and routes matches like compileGlob, or more where documented", () => {
    let compared = 0;
    const options = fc.record({ unit: units, covers: fc.constantFrom("file" as const, "route" as const) });
    fc.assert(
      fc.property(globs, options, manyPaths, (glob, options, paths) => {
        const source = translated(glob, options);
        if (source === undefined) return;
        compared += 1;
        const matches = compileGlob(glob);
        const withoutSlash = (path: string): string => (path === "/" ? path : path.replace(/\/$/, ""));
        for (const path of paths) {
          const expected = matches(path) || (options.covers === "route" && matches(withoutSlash(path)));
          const covered = covers(source, path, options);
          if (expected || !/\?|\[\^/.test(glob)) {
            expect([source, path, covered]).toEqual([source, path, expected]);
          }
        }
      }),
      { numRuns: 4000 },
    );
    expect(compared).toBeGreaterThan(1000);
  });

  test("the regular expression of its readings matches every path whose authorizer must be asked", () => {
    let asked = 0;
    fc.assert(
      fc.property(globs, units, manyPaths, (glob, unit, paths) => {
        const options = { unit, covers: "anyReading" } as const;
        const source = translated(glob, options);
        if (source === undefined) return;
        const mustAllow = compileProtection(glob);
        for (const path of paths.filter(mustAllow)) {
          asked += 1;
          expect([source, path, covers(source, path, options)]).toEqual([source, path, true]);
        }
      }),
      { numRuns: 4000 },
    );
    expect(asked).toBeGreaterThan(1000);
  });

  test("its regular expression contains nothing that ends a quoted word of a configuration language", () => {
    const anything = fc.oneof(globs, fc.string({ unit: "grapheme", minLength: 1 }).map(escapeGlob));
    fc.assert(
      fc.property(anything, every, (glob, options) => {
        const source = translated(glob, options) ?? "";
        if (options.unit === "bytes") expect(source).toMatch(/^[\w./\\[\]()?:|^$*+-]*$/);
        else
          expect(source.replaceAll(/\\x\{[0-9a-f]+\}/g, "")).toMatch(/^[\p{L}\p{N}\w./\\[\]()?:|^$*+-]*$/u);
      }),
    );
  });
});
