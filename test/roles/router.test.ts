import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { faultOfPattern, plainPattern, routedPath } from "../../src/paths/route-pattern.js";
import { routeTree, type RouteTree } from "../../src/paths/route-tree.js";
import { Router } from "../../src/roles/router.js";

function routerOf(...routes: readonly string[]): Router<string> {
  const router = new Router<string>();
  for (const route of routes) {
    const [method = "", path = ""] = route.split(" ");
    router.add(method, path, route);
  }
  return router;
}

describe("Router", () => {
  test("static segments take precedence over captured ones, in any order of declaration", () => {
    for (const routes of [
      ["GET /books/:id", "GET /books/new"],
      ["GET /books/new", "GET /books/:id"],
    ]) {
      const router = routerOf(...routes);
      expect(router.find("GET", "/books/new")?.value).toBe("GET /books/new");
      expect(router.find("GET", "/books/7")).toMatchObject({
        value: "GET /books/:id",
        pathParams: { id: "7" },
      });
    }
  });

  test("captured segments are decoded once, wildcards too", () => {
    const router = routerOf("GET /a/:x/b", "GET /files/*");
    expect(router.find("GET", "/a/%C3%A9%2F%2520/b")?.pathParams).toMatchObject({ x: "é/%20" });
    expect(router.find("GET", "/files/x/y%20z")?.pathParams).toMatchObject({ "*": "x/y z" });
  });

  test.each([
    ["/a%20b", ["/a%20b"], ["/a%2520b", "/a+b"]],
    ["/z%C3%BCrich", ["/z%C3%BCrich", "/z%c3%bcrich", "/%7a%C3%BCrich"], ["/zürich%20"]],
    ["/zürich", ["/z%C3%BCrich", "/z%c3%bCrich"], []],
    ["/100%25", ["/100%25"], ["/100%2525"]],
    ["/100%", ["/100%25"], ["/100%2525"]],
    ["/a%2520b", ["/a%2520b"], ["/a%20b"]],
    ["/@me", ["/@me", "/%40me"], []],
    ["/%40me", ["/@me", "/%40me"], ["/%2540me"]],
    ["/a::b%3Ac", ["/a:b:c", "/a%3Ab%3ac"], []],
    ["/:x/a%2Cb", ["/1/a,b", "/2/a%2cb"], ["/1/a"]],
    ["/files%20of/*", ["/files%20of/x"], ["/files/of/x"]],
  ])("%s is found in any encoding", (path, found, others) => {
    const router = routerOf(`GET ${path}`);
    for (const one of found) expect([one, router.find("GET", one)?.value]).toEqual([one, `GET ${path}`]);
    for (const one of others) expect([one, router.find("GET", one)]).toEqual([one, undefined]);
    for (const one of found)
      expect([one, router.knows(one), router.explain(one).reason]).toEqual([one, true, "method"]);
    expect(routerOf(`* ${path}`).find("POST", found[0]!)?.value).toBe(`* ${path}`);
  });

  test("captured segments with special characters are decoded once", () => {
    const router = routerOf("GET /a/:x", "GET /files/*");
    const find = (path: string): unknown => Object.values(router.find("GET", path)!.pathParams)[0];
    expect(find("/a/%40%3A%2540%2f%2F%3f%23%25")).toBe("@:%40//?#%");
    expect(find("/files/%3B%2fx/%252f%20y")).toBe(";/x/%2f y");
  });

  test("HEAD uses GET unless it has its own route", () => {
    const router = routerOf("GET /a", "GET /b", "HEAD /b");
    expect(router.find("HEAD", "/a")?.value).toBe("GET /a");
    expect(router.find("HEAD", "/b")?.value).toBe("HEAD /b");
    expect(routerOf("GET /a").find("HEAD", "/a")?.value).toBe("GET /a");
  });

  test("a trailing slash changes nothing", () => {
    expect(routerOf("GET /a").find("GET", "/a/")?.value).toBe("GET /a");
    expect(routerOf("GET /").find("GET", "/")?.value).toBe("GET /");
  });

  test("reports why no route matched", () => {
    const router = routerOf("GET /a", "POST /a", "DELETE /a/:id");
    expect(router.explain("/b")).toEqual({ reason: "path" });
    expect(router.explain("/a")).toEqual({ reason: "method", allowed: ["GET", "HEAD", "OPTIONS", "POST"] });
    expect(router.explain("/a/7")).toEqual({ reason: "method", allowed: ["DELETE", "OPTIONS"] });
    expect(router.explain("/%zz")).toEqual({ reason: "path" });
  });

  test.each(["__proto__", "constructor", "toString", "get", "", "GET "])(
    "the method %j matches nothing",
    (method) => {
      expect(routerOf("GET /a").find(method, "/a")).toBeUndefined();
    },
  );

  test.each(["", "a", "*", "/%", "/%zz", "//", "/a/%00", "\0", `/${"x".repeat(100_000)}`])(
    "the path %j is harmless",
    (path) => {
      const router = routerOf("GET /:id", "GET /a/:x", "GET /files/*");
      router.find("GET", path);
      router.explain(path);
    },
  );

  test("one route twice is refused", () => {
    expect(() => routerOf("GET /a", "GET /a")).toThrow();
  });

  test.each([
    // A fixed path wins over a captured one, and a method over every method only for the same path.
    ["GET", "/books/new", "* /books/new", ["* /books/new", "GET /books/:id"]],
    ["GET", "/books/7", "GET /books/:id", ["* /books/new", "GET /books/:id"]],
    ["GET", "/books/7", "GET /books/:id", ["* /books/:number", "GET /books/:id"]],
    ["PUT", "/books/7", "* /books/:number", ["* /books/:number", "GET /books/:id"]],
    ["GET", "/a/b/7", "* /a/b/:id", ["* /a/b/:id", "GET /a/:x/:y"]],
    ["GET", "/a/c/7", "GET /a/:x/:y", ["* /a/b/:id", "GET /a/:x/:y"]],
    ["GET", "/a/b", "* /a/b/:id?", ["GET /a/:x", "* /a/b/:id?"]],
    ["GET", "/a/b/7", "GET /a/b/:n", ["GET /a/b/:n", "* /a/b/:id?"]],
    ["GET", "/new", "GET /new", ["* /new", "GET /new"]],
    ["DELETE", "/new", "* /new", ["* /new", "GET /new", "DELETE /old/:id"]],
    // HEAD is answered as GET is, unless it has a route of its own.
    ["HEAD", "/new", "GET /new", ["* /new", "GET /new"]],
    ["HEAD", "/b/1", "GET /b/:id", ["GET /b/:id", "* /b/*", "HEAD /c/:id"]],
    ["HEAD", "/new", "* /new", ["* /new", "GET /old", "GET /:x"]],
    ["HEAD", "/c/1", "HEAD /c/:id", ["* /c/1", "HEAD /c/:id", "GET /c/1"]],
    ["OPTIONS", "/new", "* /new", ["* /new", "GET /new"]],
  ] as const)("%s %s finds %s among %j, in any order", (method, path, found, routes) => {
    for (const order of [routes, routes.toReversed()])
      expect(routerOf(...order).find(method, path)?.value).toBe(found);
  });

  test("a route that is added later is found beside those of every method", () => {
    const router = routerOf("* /a/*", "GET /a/:x/y");
    expect(router.find("GET", "/a/b")?.value).toBe("* /a/*");
    router.add("GET", "/a/:x", "later");
    expect(router.find("GET", "/a/b")?.value).toBe("later");
  });

  test("a route for every method answers what no specific route does", () => {
    const router = routerOf("GET /a", "* /a", "* /files/*", "* /");
    expect(router.find("GET", "/a")?.value).toBe("GET /a");
    expect(router.find("HEAD", "/a")?.value).toBe("GET /a");
    for (const method of ["POST", "PROPFIND", "MADE-UP", "__proto__"])
      expect(router.find(method, "/a")?.value).toBe("* /a");
    expect(router.find("GET", "/files/x/y")).toMatchObject({
      value: "* /files/*",
      pathParams: { "*": "x/y" },
    });
    expect(router.find("GET", "/b")).toBeUndefined();
    expect(["/a", "/files/x", "/files", "/b", "/"].map((path) => router.knows(path))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(routerOf("GET /a").knows("/a")).toBe(true);
  });
});

describe("a router whose fixed routes are in a map", () => {
  /** Pieces of paths, so few that patterns and requests often meet. */
  const pieces = ["/", "/", "/", "a", "B", "::", "%41", "%3A", "%40", "%25", "%2541", "%", "%C3%BC", "(a)"];
  const onlyInPatterns = [":x", ":y", ":x(^a$)", ":x?", "*", "-"];
  const onlyInRequests = ["%2F", "%3F", "%23", "#", "?", "%ff", ":"];
  const joined = (some: readonly string[]) =>
    fc.array(fc.constantFrom(...some), { maxLength: 6 }).map((parts) => `/${parts.join("")}`);
  const patterns = fc.array(joined([...pieces, ...onlyInPatterns]), { minLength: 1, maxLength: 4 });
  const request = joined([...pieces, ...onlyInRequests]);

  /** All routes in one router of the library; undefined if it refuses one of them. */
  function reference(routes: readonly string[]): RouteTree | undefined {
    const tree = routeTree({ ignoreTrailingSlash: true, maxParamLength: 4096 });
    try {
      for (const route of routes) tree.on("GET", plainPattern(route), () => undefined, route);
    } catch {
      return undefined;
    }
    return tree;
  }

  test("finds what the library alone would find", () => {
    const met = { fixed: 0, captured: 0, nothing: 0 };
    fc.assert(
      fc.property(patterns, request, (routes, path) => {
        const tree = routes.some(faultOfPattern) ? undefined : reference(routes);
        if (tree === undefined) return;
        const expected = tree.find("GET", routedPath(path));
        const found = routerOf(...routes.map((route) => `GET ${route}`)).find("GET", path);
        expect([found?.value, { ...found?.pathParams }]).toEqual([
          expected === null ? undefined : `GET ${String(expected.store)}`,
          { ...expected?.params },
        ]);
        if (expected === null) met.nothing += 1;
        else if (Object.keys(expected.params).length === 0) met.fixed += 1;
        else met.captured += 1;
      }),
      {
        numRuns: 20_000,
        examples: [
          [["/a", "/:x"], "/a/"],
          [["/a/", "/:x"], "/a"],
          [["/:x?", "/a"], "/a"],
          [["/%41"], "/A"],
          [["/a%2541"], "/a%2541"],
          [["/a"], "/a#x"],
          [["/a"], "/a?x"],
          [["/"], "/"],
        ],
      },
    );
    expect(Math.min(...Object.values(met)), JSON.stringify(met)).toBeGreaterThan(300);
  });
});
