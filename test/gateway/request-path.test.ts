import { describe, expect, it } from "vitest";

import { parseRequestPath } from "../../src/gateway/request-path.js";

describe("parseRequestPath", () => {
  it("separates target, path and query", () => {
    expect(parseRequestPath("/a%20b/c?x=%2F&y=?")).toEqual({
      kind: "path",
      target: "/a%20b/c?x=%2F&y=?",
      path: "/a b/c",
      rawPath: "/a%20b/c",
      query: "x=%2F&y=?",
      authority: undefined,
    });
  });

  it.each([
    ["/", "/"],
    ["/a/", "/a/"],
    ["/%6dembers/x", "/members/x"],
    ["/%256dembers", "/%6dembers"],
    ["/a..b/...", "/a..b/..."],
    ["/caf%C3%A9", "/café"],
    ["/?", "/"],
  ])("decodes %s once to %s", (target, path) => {
    expect(parseRequestPath(target)).toMatchObject({ kind: "path", path });
  });

  it("removes the authority of an absolute target", () => {
    expect(parseRequestPath("HTTP://example.org:81/a?b")).toMatchObject({
      target: "/a?b",
      path: "/a",
      authority: "example.org:81",
    });
    expect(parseRequestPath("http://example.org?b")).toMatchObject({ target: "/?b", path: "/" });
  });

  it.each([
    ["//members/x", "/members/x"],
    ["/a//b", "/a/b"],
    ["/members/../x?q", "/x?q"],
    ["/members/%2e%2E/x", "/x"],
    ["/x/..", "/"],
    ["/x/.", "/x/"],
    ["/./x", "/x"],
    ["//", "/"],
    ["/a//", "/a/"],
    ["//evil.example/%2e%2e/x", "/x"],
    ["/%6d/./x", "/%6d/x"],
  ])("maps %s to %s", (target, location) => {
    expect(parseRequestPath(target)).toEqual({ kind: "redirected", location });
  });

  it.each([
    "/../x",
    "/public/..;/admin",
    "/public/%2e%2E%3Bx/admin",
    "/.;/admin",
    "/;/admin",
    "/a/;x/b",
    "/a/../../x",
    "/%2e%2e/x",
    "/members%2Fx",
    "/members%5cx",
    "/members\\x",
    "/a%00b",
    "/a%0Ab",
    "/a%7f",
    "/%",
    "/%zz",
    "/%ff",
    "/%c0%ae%c0%ae/x",
    "/a#b",
    "/a b",
    "/caf\u00e9",
    "*",
    "",
    "a",
    "ftp://example.org/",
  ])("refuses %j", (target) => {
    expect(parseRequestPath(target).kind).toBe("refused");
  });
});
