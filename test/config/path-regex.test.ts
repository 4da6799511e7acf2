import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { pathRegex, type PathRegexOptions, type RegexUnit } from "../../src/config/path-regex.js";
import { compileGlob, escapeGlob } from "../../src/path-glob.js";

const exact = { caseSensitive: true, slashAtEnd: false, unit: "bytes" } as const;

/** What a Web server would say, which looks at the bytes of a path or at its characters. */
function covers(source: string, path: string, { unit, caseSensitive }: PathRegexOptions): boolean {
  const text = unit === "bytes" ? Buffer.from(path).toString("latin1") : path;
  // RE2 writes \x{e4} where ECMAScript writes \u{e4}.
  const pattern = unit === "bytes" ? source : source.replaceAll("\\x{", "\\u{");
  return new RegExp(pattern, (caseSensitive ? "" : "i") + (unit === "bytes" ? "" : "u")).test(text);
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
    ["/v[0-9]/[ab]", String.raw`^/v[0-9]/(?:[ab]|\x5bab\x5d)/?$`],
  ])("%s is %s", (glob, expected) => {
    expect(pathRegex([glob], exact)).toBe(expected);
  });

  test("several globs are alternatives, each of them once", () => {
    expect(pathRegex(["/a", "/b/**", "/a"], exact)).toBe("^/a$|^/b(?:/|$)");
    expect(() => pathRegex([], exact)).toThrow(TypeError);
  });

  test("a slash at the end makes no difference where it must not", () => {
    const options = { ...exact, slashAtEnd: true };
    for (const [glob, path] of [
      ["/books", "/books/"],
      ["*.pdf", "/a.pdf/"],
      ["/a/{b,c}", "/a/c/"],
      ["/", "/"],
    ] as const) {
      expect([glob, covers(pathRegex([glob], options), path, options)]).toEqual([glob, true]);
      expect([glob, covers(pathRegex([glob], exact), path, exact)]).toEqual([glob, path === "/"]);
    }
  });

  test("letters beyond ASCII are covered in both cases where case does not count", () => {
    const options = { ...exact, caseSensitive: false };
    const source = pathRegex(["/ΣΆΒΒΑΤΟ/**"], options);
    for (const path of ["/σάββατο/a", "/ςάΒβατο", "/ΣΆΒΒΑΤΟ/"])
      expect(covers(source, path, options)).toBe(true);
    expect(covers(pathRegex(["/Σ"], exact), "/σ", exact)).toBe(false);
  });

  test.each([
    ["!/members/**", "it has !"],
    ["/@(a|b)", "it has an extglob"],
    ["/+(a)", "it has an extglob"],
    ["/*(a)", "it has an extglob"],
    ["/?(a)", "it has an extglob"],
    ["/a|b", "it has |"],
    ['/"a"', 'it has "'],
    ["/{1..3}", "it has a range in braces"],
    ["/{a}", "its braces have no comma"],
    ["/{a,b", "a brace is not closed"],
    ["/a}", "it has }"],
    ["/[a", "it has brackets"],
    ["/[!a]", "it has brackets"],
    ["/[z-a]", "its range z-a is upside down"],
    ["/[ab]+", "it has + behind brackets or braces"],
    ["/a**", 'it has "**" beside other characters'],
    [String.raw`/\d`, "it has a backslash in front of"],
    ["//a", "it has an empty segment"],
    ["", "it is empty"],
    ["{,a}", "it covers an empty name"],
  ])("refuses %s, by its name: %s", (glob, fact) => {
    const expected = { name: "ConfigurationError", code: "ERR_GLOB" };
    expect(() => pathRegex([glob], exact)).toThrow(expect.objectContaining(expected));
    expect(() => pathRegex([glob], exact)).toThrow(`Cannot translate glob ${JSON.stringify(glob)}: ${fact}`);
  });
});

/** Parts of globs, rather the difficult ones. */
const PARTS =
  String.raw`a b Ab . * * ? ** / / /** /**/ *.md - @ + , ! $ {a,b} {a,/**} {,b} {*.a,b/*} {x,/**/a} {**,a} [ab]
  [a-c] [^a] ( } ^ \* \( | ä ß σ 😀 \. \/`
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
const NAMES = "a b c A aB . md * ( - [ab] ä Ä ß ς Σ 😀 x + $ members".split(" ").concat(" ", "\n");
const segments = fc
  .array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(""))
  .filter((text) => text !== "." && text !== "..");
const paths = fc
  .tuple(fc.array(segments, { maxLength: 4 }), fc.constantFrom("", "/"))
  .map(([names, end]) => `/${names.join("/")}${names.length > 0 ? end : ""}`);

function isKnown(glob: string): boolean {
  try {
    compileGlob(glob, { caseSensitive: true });
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

const every = fc.record({
  unit: fc.constantFrom<RegexUnit[]>("bytes", "characters"),
  caseSensitive: fc.boolean(),
  slashAtEnd: fc.boolean(),
});

describe("whatever the glob", () => {
  test("its regular expression says the same as compileGlob, or more where that is said", () => {
    let compared = 0;
    fc.assert(
      fc.property(globs, every, fc.array(paths, { minLength: 20, maxLength: 40 }), (glob, options, paths) => {
        const source = translated(glob, options);
        if (source === undefined) return;
        compared += 1;
        const matches = compileGlob(glob, options);
        const withoutSlash = (path: string): string => (path === "/" ? path : path.replace(/\/$/, ""));
        for (const path of paths) {
          const expected = matches(path) || (options.slashAtEnd && matches(withoutSlash(path)));
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

  test("its regular expression has nothing that ends a quoted word of any configuration language", () => {
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
