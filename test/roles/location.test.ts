import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Params } from "../../src/protocol/params.js";
import { decodePath, locate, normalizePath, protectedPath } from "../../src/roles/location.js";

function located(variables: Record<string, string>, mount = "") {
  const params = Params.from(variables);
  return locate(params, { mount, pathInfo: params.get("PATH_INFO") });
}

describe("locate", () => {
  test.each([
    // What each server sends for /app/books/1%202?x=y with the application at /app, or at the root.
    [
      "nginx with stock params",
      { SCRIPT_NAME: "/books/1 2", PATH_INFO: "", REQUEST_URI: "/books/1%202?x=y" },
      "/books/1%202",
      "",
    ],
    ["mod_proxy_fcgi", { SCRIPT_NAME: "/books/1 2", REQUEST_URI: "/books/1%202?x=y" }, "/books/1%202", ""],
    [
      "a front controller",
      { SCRIPT_NAME: "/index.js", PATH_INFO: "", REQUEST_URI: "/books/1%202?x=y" },
      "/books/1%202",
      "",
    ],
    [
      "SCRIPT_NAME and PATH_INFO",
      { SCRIPT_NAME: "/app", PATH_INFO: "/books/1 2", REQUEST_URI: "/app/books/1%202?x=y" },
      "/books/1%202",
      "/app",
    ],
    [
      "SCRIPT_NAME and PATH_INFO, still encoded, as Jetty sends them",
      { SCRIPT_NAME: "/app", PATH_INFO: "/books/1%202", REQUEST_URI: "/app/books/1%202?x=y" },
      "/books/1%202",
      "/app",
    ],
    [
      "a SCRIPT_NAME that ends with a slash",
      { SCRIPT_NAME: "/app/", PATH_INFO: "/books/1 2", REQUEST_URI: "/app/books/1%202" },
      "/books/1%202",
      "/app",
    ],
    [
      "an empty SCRIPT_NAME",
      { SCRIPT_NAME: "", PATH_INFO: "/books/1 2", REQUEST_URI: "/books/1%202" },
      "/books/1%202",
      "",
    ],
    [
      "PATH_INFO without SCRIPT_NAME",
      { PATH_INFO: "/books/1", REQUEST_URI: "/app/books/1" },
      "/books/1",
      "/app",
    ],
    [
      "an encoded PATH_INFO without SCRIPT_NAME",
      { SCRIPT_NAME: "", PATH_INFO: "/books/1/ä b", REQUEST_URI: "/app/books/1%2F%C3%A4%20b" },
      "/books/1%2F%C3%A4%20b",
      "/app",
    ],
    ["a PATH_INFO that ends like another segment", { PATH_INFO: "/1", REQUEST_URI: "/app/a%2F1" }, "/1", ""],
    [
      "a rewritten path",
      { SCRIPT_NAME: "/app", PATH_INFO: "/other path", REQUEST_URI: "/pretty" },
      "/other%20path",
      "/app",
    ],
    [
      "a normalised path",
      { SCRIPT_NAME: "/app", PATH_INFO: "/a/b", REQUEST_URI: "/app/x/..//a/b" },
      "/a/b",
      "/app/x/..",
    ],
    [
      "an encoded slash",
      { SCRIPT_NAME: "/app", PATH_INFO: "/a/b", REQUEST_URI: "/app/a%2Fb" },
      "/a%2Fb",
      "/app",
    ],
    ["the mount itself", { SCRIPT_NAME: "/app", PATH_INFO: "/", REQUEST_URI: "/app/" }, "/", "/app"],
    ["a PATH_INFO that is none", { SCRIPT_NAME: "/ap", PATH_INFO: "p", REQUEST_URI: "/app" }, "/app", ""],
    [
      "no REQUEST_URI",
      { SCRIPT_NAME: "/app", PATH_INFO: "/a b?c#d", QUERY_STRING: "x" },
      "/a%20b%3Fc%23d",
      "/app",
    ],
    ["nothing at all", {}, "/", ""],
    ["an empty REQUEST_URI", { REQUEST_URI: "" }, "/", ""],
    ["absolute-form", { REQUEST_URI: "http://user@host:80/a?b" }, "/a", ""],
    ["absolute-form without a path", { REQUEST_URI: "https://host" }, "/", ""],
    ["absolute-form with a query alone", { REQUEST_URI: "https://host?b" }, "/", ""],
  ])("%s", (_what, variables, path, mount) => {
    expect(located(variables as Record<string, string>)).toMatchObject({ path, mount });
  });

  test("a declared root is the mount, whatever the Web server says", () => {
    // Apache with SetHandler: what is no file below the document root is PATH_INFO from the second segment on.
    const variables = { SCRIPT_NAME: "/books", PATH_INFO: "/1", REQUEST_URI: "/books/1" };
    expect(located(variables, "/")).toMatchObject({ path: "/books/1", mount: "" });
    expect(located(variables)).toMatchObject({ path: "/1", mount: "/books" });
  });

  test.each([
    ["/app", "/app/books", "/books", "/app"],
    ["/app", "/app", "/", "/app"],
    ["/app", "/app?x", "/", "/app"],
    ["/app", "/apple", "/apple", ""],
    ["/app", "/other", "/other", ""],
    ["/a%20b", "/a%20b/c", "/c", "/a%20b"],
  ])("with the declared mount %s, %s is %s below %j", (declared, uri, path, mount) => {
    expect(located({ REQUEST_URI: uri }, declared)).toMatchObject({ path, mount });
  });

  test("the target keeps the query, raw", () => {
    expect(located({ REQUEST_URI: "/a%20b?c=%20&&?" }).target).toBe("/a%20b?c=%20&&?");
    expect(located({ REQUEST_URI: "http://host/a?b" }).target).toBe("/a?b");
    expect(located({ SCRIPT_NAME: "/a b", QUERY_STRING: "c" }).target).toBe("/a%20b?c");
  });

  test("never throws", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("", "/", "*", "//", "/%", "http://", "\ud800"),
    );
    fc.assert(
      fc.property(text, text, text, (uri, script, info) => {
        const params = Params.from({ REQUEST_URI: uri, SCRIPT_NAME: script, PATH_INFO: info });
        const { mount } = locate(params, { mount: "", pathInfo: params.get("PATH_INFO") });
        expect(mount).not.toMatch(/\/$/);
      }),
    );
  });
});

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

  test("is done once it is done", () => {
    const piece = fc.constantFrom("a", ".", "..", "", "%2e", "%2F", "b c", "é", "%25");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const once = normalizePath(`/${pieces.join("/")}`);
        if (once === undefined || once.includes("%")) return;
        expect(once).toMatch(/^\//);
        expect(once.split("/").slice(1, -1)).not.toContain("");
        expect(normalizePath(once)).toBe(once);
      }),
    );
  });
});

describe("protectedPath", () => {
  test.each([
    ["/app/members", "/app", "/members"],
    ["/app", "/app", "/"],
    ["//app/./members?x", "/app", "/members"],
    ["/%61pp/members", "/app", "/members"],
    ["/apple", "/app", "/apple"],
    ["http://host/app/members", "/app", "/members"],
    ["/members", "", "/members"],
    ["/..", "", undefined],
    ["/#", "", undefined],
  ])("of %s below %j is %s", (uri, mount, path) => {
    expect(protectedPath(uri, mount)).toBe(path);
  });
});
