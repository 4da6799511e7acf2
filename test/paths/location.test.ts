import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { encodeNameValuePairs } from "../../src/protocol/name-value.js";
import { Params } from "../../src/protocol/params.js";
import { documentPaths, locate, protectedPaths } from "../../src/paths/location.js";
import { normalizePath } from "../../src/paths/plain-path.js";

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
      {
        SCRIPT_NAME: "/app",
        PATH_INFO: "/books/1%202",
        REQUEST_URI: "/app/books/1%202?x=y",
        SERVER_SOFTWARE: "Jetty/9.4.57",
      },
      "/books/1%202",
      "/app",
    ],
    [
      "a raw PATH_INFO with encoded dots, as Jetty sends it",
      {
        SCRIPT_NAME: "/app",
        PATH_INFO: "/x/%2e%2e/b%20c",
        REQUEST_URI: "/app/x/%2e%2e/b%20c",
        SERVER_SOFTWARE: "Jetty/9.4.57",
      },
      "/b%20c",
      "/app",
    ],
    [
      "a decoded PATH_INFO with encoded dots in it, which stay encoded",
      { SCRIPT_NAME: "", PATH_INFO: "/x/%2e%2e/books/1", REQUEST_URI: "/x/%252e%252e/books/1" },
      "/x/%252e%252e/books/1",
      "",
    ],
    [
      "such a one below a mount",
      { SCRIPT_NAME: "/app", PATH_INFO: "/x/%2E%2e/books/1", REQUEST_URI: "/app/x/%252E%252e/books/1" },
      "/x/%252E%252e/books/1",
      "/app",
    ],
    [
      "a PATH_INFO that reads like the end of the path as it was encoded",
      { SCRIPT_NAME: "", PATH_INFO: "/x/a%20b", REQUEST_URI: "/y/x/a%20b" },
      "/y/x/a%20b",
      "",
    ],
    [
      "encoded slashes before the path, which the server has dropped",
      { SCRIPT_NAME: "", PATH_INFO: "/books/1", REQUEST_URI: "/%2F/books/1" },
      "/%2F/books/1",
      "",
    ],
    [
      "an encoded slash that was encoded twice",
      { SCRIPT_NAME: "", PATH_INFO: "/%2F/books/1", REQUEST_URI: "/%252F/%2F/books/1" },
      "/%252F/%2F/books/1",
      "",
    ],
    [
      "a decoded REQUEST_URI, as Cherokee sends it",
      {
        SCRIPT_NAME: "",
        PATH_INFO: "/a b/c?/d",
        REQUEST_URI: "/a b/c?/d?q=%20&x?y",
        QUERY_STRING: "q=%20&x?y",
        SERVER_SOFTWARE: "Cherokee/1.2.104 (UNIX)",
      },
      "/a%20b/c%3F/d",
      "",
    ],
    [
      "a decoded REQUEST_URI with encoded dots in it, as Cherokee sends it",
      {
        SCRIPT_NAME: "",
        PATH_INFO: "/x/%2e%2e/private",
        REQUEST_URI: "/x/%2e%2e/private",
        SERVER_SOFTWARE: "Cherokee/1.2.104 (UNIX)",
      },
      "/x/%252e%252e/private",
      "",
    ],
    [
      "a decoded REQUEST_URI with encoded dots in it, as IIS sends it",
      { REQUEST_URI: "/x/%2e%2e/private?a", QUERY_STRING: "a", SERVER_SOFTWARE: "Microsoft-IIS/10.0" },
      "/x/%252e%252e/private",
      "",
    ],
    [
      "a decoded REQUEST_URI whose question mark may belong to the path",
      { REQUEST_URI: "/private?x", QUERY_STRING: "", SERVER_SOFTWARE: "Cherokee" },
      "/private%3Fx",
      "",
    ],
    [
      "a decoded REQUEST_URI whose query was rewritten",
      { REQUEST_URI: "/private?x", QUERY_STRING: "page=1", SERVER_SOFTWARE: "Cherokee" },
      "/private%3Fx",
      "",
    ],
    [
      "no REQUEST_URI, and encoded dots in what is decoded",
      { SCRIPT_NAME: "/app", PATH_INFO: "/x/%2e%2e/books" },
      "/x/%252e%252e/books",
      "/app",
    ],
    [
      "no REQUEST_URI, and both parts raw, as Jetty sends them",
      { SCRIPT_NAME: "/a%20b", PATH_INFO: "/x%20y", SERVER_SOFTWARE: "Jetty/9.4.57" },
      "/x%20y",
      "/a%20b",
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
    [
      "a PATH_INFO that ends like another segment",
      { PATH_INFO: "/1", REQUEST_URI: "/app/a%2F1" },
      "/app/a%2F1",
      "",
    ],
    [
      "a PATH_INFO that the server has rewritten",
      { SCRIPT_NAME: "/app", PATH_INFO: "/other path", REQUEST_URI: "/pretty" },
      "/pretty",
      "",
    ],
    [
      "a path that the server has resolved",
      { SCRIPT_NAME: "/app", PATH_INFO: "/a/b", REQUEST_URI: "/app/x/..//a/b" },
      "/a/b",
      "/app",
    ],
    [
      "a path that the server has not resolved, as Caddy and HAProxy send it",
      { SCRIPT_NAME: "/app", PATH_INFO: "/x/..//a/b", REQUEST_URI: "/app/x/..//a/b" },
      "/a/b",
      "/app",
    ],
    [
      "another host in front, which must not become the mount",
      { SCRIPT_NAME: "/app", PATH_INFO: "/a", REQUEST_URI: "//evil.example/..//app/a" },
      "/a",
      "/app",
    ],
    [
      "another host in SCRIPT_NAME, as Caddy splits it",
      { SCRIPT_NAME: "//evil.example/..//app", PATH_INFO: "/a", REQUEST_URI: "//evil.example/..//app/a" },
      "/a",
      "/app",
    ],
    [
      "an encoded slash, decoded",
      { SCRIPT_NAME: "/app", PATH_INFO: "/a/b", REQUEST_URI: "/app/a%2Fb" },
      "/a%2Fb",
      "/app",
    ],
    [
      "encoded slashes, decoded",
      {
        SCRIPT_NAME: "/app",
        PATH_INFO: "/go/https://host/x/y",
        REQUEST_URI: "/app/go/https%3A%2F%2Fhost%2fx/y",
      },
      "/go/https%3A%2F%2Fhost%2fx/y",
      "/app",
    ],
    [
      "encoded slashes, decoded and merged, as nginx and lighttpd send them",
      {
        SCRIPT_NAME: "/app",
        PATH_INFO: "/go/https:/host/x/y",
        REQUEST_URI: "/app/go/https%3A%2F%2Fhost%2fx/y",
      },
      "/go/https%3A%2F%2Fhost%2fx/y",
      "/app",
    ],
    [
      "encoded slashes of which one is where the server divides the path",
      { SCRIPT_NAME: "/app", PATH_INFO: "/a/b", REQUEST_URI: "/app%2Fa%2Fb" },
      "/app%2Fa%2Fb",
      "",
    ],
    [
      "encoded slashes in the mount",
      { SCRIPT_NAME: "/a/b", PATH_INFO: "/c", REQUEST_URI: "/a%2Fb/c" },
      "/c",
      "/a%2Fb",
    ],
    [
      "a PATH_INFO with more segments than the path",
      { SCRIPT_NAME: "", PATH_INFO: "/a/b/c/d", REQUEST_URI: "/c%2Fd" },
      "/c%2Fd",
      "",
    ],
    [
      "an encoded slash, left as it is by Apache",
      {
        SCRIPT_NAME: "/app",
        PATH_INFO: "/ä b/a%2fb",
        REQUEST_URI: "/app/%C3%A4%20b/a%2fb",
        SERVER_SOFTWARE: "Apache/2.4.71",
      },
      "/%C3%A4%20b/a%2fb",
      "/app",
    ],
    [
      "a PATH_INFO that is the rest of an absolute-form, as H2O sends it",
      { SCRIPT_NAME: "", PATH_INFO: "/http://host/a", REQUEST_URI: "http://host/a" },
      "/a",
      "",
    ],
    ["the mount itself", { SCRIPT_NAME: "/app", PATH_INFO: "/", REQUEST_URI: "/app/" }, "/", "/app"],
    [
      "the mount itself, whose slash the server has added",
      { SCRIPT_NAME: "/a b", PATH_INFO: "/", REQUEST_URI: "/a%20b?c" },
      "/",
      "/a%20b",
    ],
    [
      "a slash that is added to nothing",
      { SCRIPT_NAME: "/app", PATH_INFO: "/", REQUEST_URI: "/apple" },
      "/apple",
      "",
    ],
    ["an invalid PATH_INFO", { SCRIPT_NAME: "/ap", PATH_INFO: "p", REQUEST_URI: "/app" }, "/app", ""],
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

  test("a declared root is the mount, regardless of the Web server", () => {
    // Apache with SetHandler: for a path that is not a file below the document root, PATH_INFO starts at the second segment.
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
    ["/app", "/%61pp/./a%20b", "/a%20b", "/app"],
    ["/app", "//app/a", "/a", "/app"],
    ["/app", "/other/../app/a", "/a", "/app"],
    ["/app", "/app/../a", "/a", ""],
    ["/app", "/app%2Fa", "/app%2Fa", ""],
  ])("with the declared mount %s, %s is %s below %j", (declared, uri, path, mount) => {
    expect(located({ REQUEST_URI: uri }, declared)).toMatchObject({ path, mount });
  });

  test.each([
    ["/app", "/app/a", "below"],
    ["/app", "/app/../a", "outside"],
    ["/app", "/apple", "outside"],
    ["/", "/apple", "below"],
    ["", "/apple", "below"],
  ])("with the declared mount %j, %s is %s", (declared, uri, kind) => {
    expect(located({ REQUEST_URI: uri }, declared)).toMatchObject({ kind });
  });

  test("PATH_INFO is ignored with a declared mount", () => {
    const variables = {
      SCRIPT_NAME: "/public/app",
      PATH_INFO: "/members",
      REQUEST_URI: "/public/app/members",
    };
    expect(located(variables, "/app")).toMatchObject({ path: "/public/app/members", mount: "" });
  });

  test.each([
    ["/a%20b?c=%20&&?", "/a%20b?c=%20&&?", "c=%20&&?"],
    ["/a?", "/a?", ""],
    ["http://host/a?b", "/a?b", "b"],
    ["//evil.example//a?b", "/evil.example/a?b", "b"],
    [String.raw`/\evil.example`, "/%5Cevil.example", ""],
    ["/x/../a?b=../c//d", "/a?b=../c//d", "b=../c//d"],
    ["/a?b#c", "/a?b", "b"],
    ["//evil.example/%zz?b", "/evil.example/%zz?b", "b"],
  ])("the target of %s is %s, and its query %j", (uri, target, query) => {
    expect(located({ REQUEST_URI: uri, QUERY_STRING: "rewritten" })).toMatchObject({ target, query });
  });

  test("the query is QUERY_STRING without REQUEST_URI", () => {
    expect(located({ SCRIPT_NAME: "/a b", QUERY_STRING: "c" })).toMatchObject({
      target: "/a%20b?c",
      query: "c",
    });
  });

  test.each(["/..", "/a/%2e%2e/..", "/%zz", "/a%E4", "/a%00", "/a#b", "*", "host:443"])(
    "%s is ambiguous",
    (uri) => {
      expect(located({ REQUEST_URI: uri, SCRIPT_NAME: "/app", PATH_INFO: "/a" }).kind).toBe("ambiguous");
      expect(located({ REQUEST_URI: uri }, "/app").kind).toBe("ambiguous");
    },
  );

  test.each([
    ["slashes", `/m${"/a".repeat(15_000)}`, "/a".repeat(15_000), 30_000],
    ["encoded slashes", `/m${"/a".repeat(6_000)}${"%2Fa".repeat(6_000)}`, "/a".repeat(12_000), 36_000],
    ["empty segments", `/m${"/".repeat(30_000)}a`, `${"/".repeat(30_000)}a`, 2],
    ["dots", `/m/b${"/a/..".repeat(8_000)}`, `/b${"/a/..".repeat(8_000)}`, 3],
  ])("a long path of %s is split like a short one", (_, uri, pathInfo, length) => {
    const { path, mount } = located({ REQUEST_URI: uri, SCRIPT_NAME: "/m", PATH_INFO: pathInfo });
    expect([path.length, mount]).toEqual([length, "/m"]);
  });

  test("decoded bytes that are not UTF-8 are ambiguous", () => {
    const params = new Params(
      encodeNameValuePairs([
        ["REQUEST_URI", Buffer.from("/a\xe4b", "latin1")],
        ["SERVER_SOFTWARE", "Cherokee"],
      ]),
    );
    expect(locate(params, { mount: "", pathInfo: undefined })).toMatchObject({
      kind: "ambiguous",
      path: "/a%E4b",
    });
  });

  test("no path that is decoded once moves a request to another route", () => {
    // The client's segments, and how a server at the root that merges and resolves decodes them.
    const segment = fc.constantFrom(
      "x",
      "%2e%2e",
      "%252e%252e",
      "%252F",
      "%2F",
      "..",
      ".",
      "",
      "a%20b",
      "%2525",
    );
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const uri = `/${segments.join("/")}/books/1`;
        const pathInfo = normalizePath(uri);
        fc.pre(pathInfo !== undefined);
        const { path, kind } = located({ SCRIPT_NAME: "", PATH_INFO: pathInfo, REQUEST_URI: uri });
        // A path that the server read differently is another one for routes.
        if (kind === "below" && pathInfo !== "/books/1") expect(path).not.toBe("/books/1");
      }),
      { numRuns: 1000 },
    );
  });

  test("never throws", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("", "/", "*", "//", "/%", "http://", "\ud800"),
    );
    fc.assert(
      fc.property(text, text, text, (uri, script, info) => {
        const params = Params.from({ REQUEST_URI: uri, SCRIPT_NAME: script, PATH_INFO: info });
        const { mount, target } = locate(params, { mount: "", pathInfo: params.get("PATH_INFO") });
        expect(mount).not.toMatch(/\/$/);
        // Sent to either of them, a browser stays on the same host.
        for (const path of [`${mount}/`, target]) expect(path).toMatch(/^\/(?![/\\])/);
      }),
    );
  });
});

describe("protectedPaths", () => {
  test.each([
    ["/app/members", "/app", ["/members"]],
    ["/app", "/app", ["/"]],
    ["//app/./members?x", "/app", ["/members"]],
    ["/%61pp/members", "/app", ["/members"]],
    ["/a%20b/members", "/a%20b", ["/members"]],
    ["/apple", "/app", ["/apple"]],
    ["http://host/app/members", "/app", ["/members"]],
    ["/members", "", ["/members"]],
    ["/members", "/", ["/members"]],
    ["/members?/../..", "", ["/members"]],
    ["/app/a%2Fb", "/app", ["/a%2Fb", "/a/b"]],
    ["/app/a%2F%2Fb", "/app", ["/a%2F%2Fb", "/a/b"]],
    ["/app%2Fa", "/app", ["/app%2Fa", "/a"]],
    ["/a%252Fb", "", ["/a%2Fb"]],
    ["/..", "", undefined],
    ["/a%2F..%2Fb", "", undefined],
    ["/#", "", undefined],
    ["/%zz", "", undefined],
    ["*", "", undefined],
  ])("of %s below %j are %j", (uri, mount, paths) => {
    expect(protectedPaths(uri, mount)).toEqual(paths);
  });
});

describe("documentPaths", () => {
  test.each([
    ["/app/a b%.txt", "/app", ["/a b%.txt"]],
    ["/app/./a#b", "/app", ["/a#b"]],
    ["/a b/c", "/a%20b", ["/c"]],
    ["/c", "/app", ["/c"]],
    ["/c", "/", ["/c"]],
    ["/x/%2e%2e/c", "", ["/x/%2e%2e/c"]],
    ["/../c", "", undefined],
    ["/a\0", "", undefined],
    ["c", "", undefined],
    ["", "", []],
  ])("of %s below %j are %j", (uri, mount, paths) => {
    expect(documentPaths(Params.from({ DOCUMENT_URI: uri }), mount)).toEqual(paths);
  });

  test("are decoded if the server has not done so", () => {
    const params = Params.from({ DOCUMENT_URI: "/app/x/%2e%2e/a%2Fb", SERVER_SOFTWARE: "Jetty/9.4.57" });
    expect(documentPaths(params, "/app")).toBeUndefined();
    const plain = Params.from({ DOCUMENT_URI: "/app/x/%2e%2e/a%20b", SERVER_SOFTWARE: "Jetty/9.4.57" });
    expect(documentPaths(plain, "/app")).toEqual(["/a b"]);
  });
});
