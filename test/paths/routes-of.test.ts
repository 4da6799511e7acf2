import { describe, expect, it } from "vitest";

import { RouteTable } from "../../src/gateway/route-table.js";
import { routesOf } from "../../src/paths/routes-of.js";

function table(routes: { protect?: string[]; filter?: string[]; respond?: string[] }): RouteTable {
  return new RouteTable({ protect: [], filter: [], respond: [], ...routes });
}

describe("RouteTable", () => {
  it.each([
    "/members",
    "/members/",
    "/members/a",
    "/members/a/b.txt",
    "/members/.hidden/a",
    "/members/a\u2028b",
    "/MEMBERS/a",
    "/members./a",
    "/members /a",
    "/members/a.",
    "/members;x",
    "/members;x/a",
    "/members/;x/../a",
  ])('protects %j by "/members/**"', (path) => {
    expect(table({ protect: ["/members/**"] }).protects(path)).toBe(true);
  });

  it.each(["/", "/membersx", "/x/members/a", "/member"])('does not protect %s by "/members/**"', (path) => {
    expect(table({ protect: ["/members/**"] }).protects(path)).toBe(false);
  });

  it("compares a glob without slash with the last segment", () => {
    const routes = table({ protect: ["*.txt"], filter: ["*.txt"] });
    expect(["/a.txt", "/x/y/.a.txt", "/a.TXT", "/a.txt."].map((path) => routes.protects(path))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(["/a.txt", "/a.TXT", "/a.txt/b"].map((path) => routes.filters(path))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("matches no folder at all with **", () => {
    const routes = table({ filter: ["/**/*.md", "**/*.txt"] });
    expect(["/a.md", "/x/a.md", "/a.txt", "/x/y/a.txt"].every((path) => routes.filters(path))).toBe(true);
  });

  it("protects everything by /** and all but a negated glob", () => {
    expect(table({ protect: ["/**"] }).protects("/")).toBe(true);
    const routes = table({ protect: ["!/public/**"] });
    expect([routes.protects("/"), routes.protects("/public/a"), routes.protects("/Public/a")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("responds to prefixes of whole segments, single paths and globs", () => {
    const routes = table({ respond: ["/api", "/books$", "/users/*"] });
    const yes = ["/api", "/api/", "/api/a/b", "/books", "/books/", "/users/1", "/users/1/"];
    const no = ["/", "/apis", "/books/1", "/users", "/users/1/x"];
    expect(yes.filter((path) => !routes.responds(path))).toEqual([]);
    expect(no.filter((path) => routes.responds(path))).toEqual([]);
  });

  it("responds to everything below /", () => {
    expect(table({ respond: ["/"] }).responds("/a/b")).toBe(true);
    expect(table({ respond: ["/$"] }).responds("/a")).toBe(false);
    expect(table({ respond: ["/$"] }).responds("/")).toBe(true);
  });

  it("refuses entries that can match nothing", () => {
    expect(() => table({ respond: ["api"] })).toThrow(expect.objectContaining({ code: "ERR_GATEWAY_ROUTE" }));
    expect(() => table({ protect: [""] })).toThrow(expect.objectContaining({ code: "ERR_GATEWAY_ROUTE" }));
  });
});

describe("routesOf", () => {
  const description = {
    responders: [
      {
        routes: [
          { path: "/" },
          { path: "/books/:id" },
          { path: "/books/:id" },
          { path: "/files/*" },
          { path: "/list/:page?" },
          { path: "/a+b(c)" },
          { path: "/at/::time" },
          { path: "/pages/:from-:to" },
          { path: "/a%20b/z%c3%BCrich" },
          { path: "/100%25/a%2520" },
          { path: "/sp%20ace/:x" },
          { path: "/st%28ar%5B/*" },
        ],
      },
    ],
    authorizers: [{ paths: ["/members/**"] }, { paths: [] }],
    filters: [{ paths: ["*.txt", "/docs/*.md"] }],
  };

  it("turns a description into routes", () => {
    expect(routesOf(description)).toEqual({
      protect: ["/members/**", "/**"],
      filter: ["*.txt", "/docs/*.md"],
      respond: [
        "/$",
        "/books/*",
        "/files/**",
        "/list$",
        "/list/*",
        "/a\\+b\\(c\\)",
        "/at/:time$",
        "/pages/*",
        "/a b/zürich$",
        "/100%/a%20$",
        "/sp ace/*",
        String.raw`/st\(ar\[/**`,
      ],
    });
  });

  it("puts whole paths below the mount", () => {
    const routes = routesOf(description, { mount: "/app/" });
    expect(routes.protect).toEqual(["/app/members/**", "/app/**"]);
    expect(routes.filter).toEqual(["*.txt", "/app/docs/*.md"]);
    const compiled = new RouteTable(routes);
    expect(
      ["/app", "/app/", "/app/books/1", "/app/files/a/b", "/app/a+b(c)"].filter(
        (path) => !compiled.responds(path),
      ),
    ).toEqual([]);
    expect(["/", "/books/1", "/app/x"].filter((path) => compiled.responds(path))).toEqual([]);
  });
});

describe("the globs of an application below a mount", () => {
  it.each([
    ["members/**", "/app/members/x"],
    ["!/public/**", "/app/members/x"],
    ["/!(public)/**", "/app/PUBLIC/x"],
    ["{/members,/keys}/**", "/app/members/x"],
    ["!/app/**", "/app/x"],
    ["*.pdf", "/app/deep/a.pdf"],
  ])("%s protects %s", (glob, path) => {
    const { protect } = routesOf(
      { responders: [], authorizers: [{ paths: [glob] }], filters: [] },
      { mount: "/app" },
    );
    expect(table({ protect: [...protect] }).protects(path)).toBe(true);
  });
});
