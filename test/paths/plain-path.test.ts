import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  decodePath,
  decodeSegments,
  normalizePath,
  pathBelow,
  plainPath,
} from "../../src/paths/plain-path.js";

describe("plainPath", () => {
  test.each([
    ["/", "/"],
    ["", "/"],
    ["/a/b", "/a/b"],
    ["/a/b/", "/a/b/"],
    ["/a%20b/%C3%A9", "/a%20b/%C3%A9"],
    ["/a%2Fb", "/a%2Fb"],
    ["/a%2F%2Fb", "/a%2F%2Fb"],
    ["/https%3A%2F%2Fhost%2F.a", "/https%3A%2F%2Fhost%2F.a"],
    ["//a///b", "/a/b"],
    ["/a/./b/.", "/a/b/"],
    ["/a/../b", "/b"],
    ["/a/%2e%2E/b", "/b"],
    ["/a/.%2e/b/%2e", "/b/"],
    ["/a/b/..", "/a/"],
    ["/a/..", "/"],
    ["/.a/..b/...", "/.a/..b/..."],
    ["/%252e%252e/a", "/%252e%252e/a"],
    ["//host/..//a", "/a"],
    [String.raw`/\host\a`, "/%5Chost%5Ca"],
    ["/%5Ca", "/%5Ca"],
    ["/é", "/é"],
    ["/..", undefined],
    ["/a/../../b", undefined],
    ["/%2e%2e/a", undefined],
    ["/a%2f..%2Fb", undefined],
    ["/a/..%2Fb", undefined],
    ["/a%2F%2e", undefined],
    ["/a%2F./b", undefined],
    ["/a%2Fb/../c", undefined],
    ["/a/..%2f/..", undefined],
    ["/a%2Fb//c", "/a%2Fb/c"],
    ["/a;/b", "/a;/b"],
    ["/a/;b", "/a/;b"],
    ["/a;/../b", "/b"],
    ["/public/..;/admin", undefined],
    ["/public/..;x=y/admin", undefined],
    ["/public/.%2e%3B/admin", undefined],
    ["/public/.;/admin", undefined],
    ["/public%2F..;/admin", undefined],
    ["/..;", undefined],
    ["/;/admin", undefined],
    ["/%3bx/admin", undefined],
    ["/a%2f;%2fadmin", undefined],
    ["/a%00b", undefined],
    ["/a\0b", undefined],
    ["/a#b", undefined],
    ["/%", undefined],
    ["/a%E4b", undefined],
    ["*", undefined],
    ["a/b", undefined],
    ["host:443", undefined],
  ])("of %s is %s", (path, plain) => {
    expect(plainPath(path)).toBe(plain);
  });

  test("is idempotent, and leads to the same place as the path", () => {
    fc.assert(
      fc.property(paths, (path) => {
        const plain = plainPath(path);
        if (plain === undefined) return;
        expect(plainPath(plain)).toBe(plain);
        expect(normalizePath(plain)).toBe(normalizePath(path));
        // The result of the URL Standard, which has no empty segments and never leaves the root.
        expect(new URL(`http://host${plain}`).pathname).toBe(plain);
      }),
    );
  });
});

const piece = fc.constantFrom(
  "a",
  ".",
  "..",
  "",
  "%2e",
  "%2E.",
  "%2F",
  "b%20c",
  "%C3%A9",
  "%25",
  "%2e%2e%2f",
);
const paths = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join("/")}`);

describe("decodePath", () => {
  test.each([
    ["/a%20b", "/a b"],
    ["/%C3%A9", "/é"],
    ["/a+b", "/a+b"],
    ["/%", undefined],
    ["/%4", undefined],
    ["/%zz", undefined],
    ["/%ff", undefined],
    ["/%C0%AE", undefined],
    ["/%ED%A0%80", undefined],
  ])("%s", (path, decoded) => {
    expect(decodePath(path)).toBe(decoded);
  });
});

describe("normalizePath", () => {
  test.each([
    ["/", "/"],
    ["", "/"],
    ["/a/b", "/a/b"],
    ["/a/b/", "/a/b/"],
    ["//a///b", "/a/b"],
    ["/a/./b/.", "/a/b/"],
    ["/a/../b", "/b"],
    ["/a/b/..", "/a/"],
    ["/a/..", "/"],
    ["/%2e%2e/a", undefined],
    ["/a%2F..%2Fb", undefined],
    ["/a%2F%2Fb//c", "/a/b/c"],
    ["/%2Fa%2F", "/a/"],
    ["/a%2Fb", "/a/b"],
    ["/..", undefined],
    ["/a/../../b", undefined],
    ["/a%00b", undefined],
    ["/a#b", undefined],
    ["/a%23b", "/a#b"],
    ["/%zz", undefined],
    ["/a/...", "/a/..."],
    ["/%252e%252e/a", "/%2e%2e/a"],
  ])("%s is %s", (path, normalized) => {
    expect(normalizePath(path)).toBe(normalized);
  });

  test("is idempotent", () => {
    fc.assert(
      fc.property(paths, (path) => {
        const once = normalizePath(path);
        if (once === undefined || once.includes("%")) return;
        expect(once).toMatch(/^\//);
        expect(once.split("/").slice(1, -1)).not.toContain("");
        expect(normalizePath(once)).toBe(once);
      }),
    );
  });
});

describe("decodeSegments", () => {
  test.each([
    ["/a%20b/%C3%A9", "/a b/é"],
    ["/a%2Fb/c%2f", "/a%2Fb/c%2F"],
    ["/a%252Fb", "/a%2Fb"],
    ["/a", "/a"],
  ])("of %s is %s", (path, decoded) => {
    expect(decodeSegments(path)).toBe(decoded);
  });
});

describe("pathBelow", () => {
  test.each([
    ["/app/a", "/app", "/a"],
    ["/app", "/app", "/"],
    ["/app/", "/app", "/"],
    ["/apple", "/app", undefined],
    ["/a", "", "/a"],
    ["/%61pp/a%20b", "/app", "/a%20b"],
    ["/app/a%20b", "/%61pp", "/a%20b"],
    ["/%C3%A4/x", "/%c3%a4", "/x"],
    ["/%C3%A4/x", "/ä", "/x"],
    ["/app%2Fa", "/app", undefined],
    ["/app%2Fa/b", "/app/a", undefined],
    ["/%61pp", "/app", "/"],
  ])("of %s and the mount %j is %s", (path, mount, below) => {
    expect(pathBelow(path, mount)).toBe(below);
  });
});
