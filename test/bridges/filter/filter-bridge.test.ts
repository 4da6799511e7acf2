import { execFileSync } from "node:child_process";
import { renameSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allow, deny, reply, type AuthorizerRequest, type Definition, type FilterRequest } from "tricorn";

import { INTERNAL_ERROR } from "../../support/answer.js";
import { folderWith, openFilesBelow, putFile } from "../../support/folders.js";
import { get } from "../../support/records.js";
import { responder } from "../../support/routes.js";
import { bridged, bridgedOn, filtering, steps, upperCase } from "../support.js";

const shout = filtering(upperCase);
/** Returns what a filter sees of its request. */
const seen = ({ params, path, mount, query }: FilterRequest): unknown =>
  reply({ params: params.toObject(), path, mount, query: Object.fromEntries(query) });

function authorizer(name: string, ...paths: string[]): Definition {
  return { kind: "authorizer", name, paths, authorize: (_request: AuthorizerRequest) => allow() };
}

describe("a request of the responder role", () => {
  test.each([
    ["/a.txt", "A"],
    ["/a.txt?x=1", "A"],
    ["/docs/b%20%C3%A4.txt", "B"],
    ["//docs//b%20%C3%A4.txt", "B"],
    ["/docs/./../a.txt", "A"],
    ["/docs/%2e%2e/a.txt", "A"],
    ["/docs%2Fb%20ä.txt", "B"],
    ["http://example.org/a.txt", "A"],
  ])("for %s runs the filter for the file", async (target, text) => {
    const { respond } = await bridged([shout], { files: { "a.txt": "a", "docs/b ä.txt": "b" } });
    expect(await respond(target)).toMatchObject({ status: 200, text });
  });

  test("goes to the filter before a route, and elsewhere if the file does not exist", async () => {
    const routes = responder({
      "GET /a.txt": () => "route a",
      "GET /none.txt": () => "route none",
      "GET /other": () => "route other",
      "POST /none.txt": () => "posted",
    });
    const { respond } = await bridged([shout, routes], { files: { "a.txt": "a", "b.md": "b" } });
    expect((await respond("/a.txt")).text).toBe("A");
    expect((await respond("/none.txt")).text).toBe("route none");
    expect((await respond("/none.txt", { method: "POST", body: "x" })).text).toBe("posted");
    expect((await respond("/other")).text).toBe("route other");
    for (const target of [
      "/missing.txt",
      "/b.md",
      "/",
      "/missing.txt/",
      "/a.txt/more",
      "/%ZZ.txt",
      "/../a.txt",
    ]) {
      const { status, headers } = await respond(target);
      expect([target, status]).toEqual([target, /ZZ|\.\./.test(target) ? 400 : 404]);
      expect(headers.get("content-type")).toBe("application/problem+json");
    }
  });

  test("is also a proper 404 if the application answers nothing else", async () => {
    const { respond } = await bridged([shout], { files: { "a.txt": "a" } });
    for (const target of ["/missing.txt", "/style.css", "/", "/%ZZ"]) {
      expect(await respond(target), target).toMatchObject({ status: 404, applicationStatus: 0 });
    }
  });

  test.each(["PUT", "DELETE", "PATCH", "OPTIONS", "get"])(
    "of the method %s is refused for a file",
    async (method) => {
      const { respond } = await bridged([shout], { files: { "a.txt": "a" } });
      const answer = await respond("/a.txt", { method });
      expect(answer.status).toBe(405);
      expect(answer.headers.get("allow")).toBe("GET, HEAD, POST");
    },
  );

  test("passes its body to a filter", async () => {
    const both = filtering(async (request) => `${await upperCase(request)}+${await request.body.text()}`);
    const { respond } = await bridged([both], { files: { "a.txt": "file" } });
    expect(await respond("/a.txt", { body: "posted" })).toMatchObject({ status: 200, text: "FILE+posted" });
  });

  test.each(["/.env.txt", "/.git/a.txt", "/to-env.txt", "/pipe.txt"])("for %s is refused", async (target) => {
    const root = folderWith({ ".env.txt": "SECRET", ".git/a.txt": "SECRET", "a.txt": "" });
    symlinkSync(".env.txt", join(root, "to-env.txt"));
    execFileSync("mkfifo", [join(root, "pipe.txt")]);
    const { respond } = await bridged([shout, responder({ "GET /x": () => "x" })], { root });
    const answer = await respond(target);
    expect(answer.status).toBe(403);
    expect(answer.text).not.toContain("SECRET");
  });

  test("for a file that is not served is answered by a matching route", async () => {
    const root = folderWith({ ".well-known/a.txt": "SECRET", "folder.txt/x": "" });
    const routes = responder({ "GET /.well-known/a.txt": () => "route", "GET /folder.txt": () => "folder" });
    const { respond } = await bridged([shout, routes], { root });
    expect((await respond("/.well-known/a.txt")).text).toBe("route");
    expect((await respond("/folder.txt")).text).toBe("folder");
  });

  test("follows a link inside the root, and none that leads outside", async () => {
    const folder = folderWith({ "outside.txt": "SECRET", "site/real/a.txt": "a" });
    const root = join(folder, "site");
    symlinkSync("real/a.txt", join(root, "inside.txt"));
    symlinkSync("../outside.txt", join(root, "out.txt"));
    symlinkSync("..", join(root, "up"));
    const { respond } = await bridged([shout], { root });
    expect((await respond("/inside.txt")).text).toBe("A");
    for (const target of ["/out.txt", "/up/outside.txt", "/up/site/real/a.txt/../../../../outside.txt"]) {
      expect((await respond(target)).status, target).toBe(404);
    }
    expect((await respond("/up/site/real/a.txt")).text).toBe("A");
  });
});

describe("a folder", () => {
  const files = { "index.md": "home", "docs/index.md": "docs", "docs/a.md": "a", "books/index.md": "books" };
  const pages = filtering(upperCase, { paths: ["*.md"] });

  test("with its slash is served by its index", async () => {
    const { respond } = await bridged([pages], { files, index: "index.md" });
    expect((await respond("/")).text).toBe("HOME");
    expect((await respond("/docs/?x=1")).text).toBe("DOCS");
    expect((await respond("/docs//")).text).toBe("DOCS");
    expect((await respond("/none/")).status).toBe(404);
  });

  test("has index.html as its index by default", async () => {
    const { respond } = await bridged([filtering(upperCase, { paths: ["*.html"] })], {
      files: { "docs/index.html": "docs" },
    });
    expect((await respond("/docs/")).text).toBe("DOCS");
  });

  test.each([
    ["/docs", "/docs/"],
    ["/docs?a=b&c", "/docs/?a=b&c"],
    ["//docs", "/docs/"],
    ["/./docs", "/docs/"],
    ["/x/..//docs", "/docs/"],
  ])("without its slash, as %s, is redirected to %s", async (target, location) => {
    const { respond } = await bridged([pages], { files, index: "index.md" });
    for (const method of ["GET", "HEAD"]) {
      const answer = await respond(target, { method });
      expect([answer.status, answer.headers.get("location")]).toEqual([301, location]);
    }
  });

  test("is redirected on the same host for any target, and below the mount", async () => {
    const { respond } = await bridged([pages], {
      files: { "evil.example/docs ä/index.md": "x" },
      index: "index.md",
    });
    const answer = await respond("//evil.example/docs%20%C3%A4");
    expect([answer.status, answer.headers.get("location")]).toEqual([301, "/evil.example/docs%20%C3%A4/"]);

    const mounted = await bridged([pages], { files, index: "index.md" });
    const params = { REQUEST_URI: "//app/docs?x", SCRIPT_NAME: "//app", PATH_INFO: "/docs" };
    const below = await mounted.respond("/", { params });
    expect([below.status, below.headers.get("location")]).toEqual([301, "/app/docs/?x"]);
  });

  test("without its slash is refused for other methods", async () => {
    const { respond } = await bridged([pages], { files, index: "index.md" });
    const answer = await respond("/docs", { method: "POST", body: "x" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("belongs to its route if there is one", async () => {
    const routes = responder({ "GET /books": () => "route", "GET /docs/:id": () => "id" });
    const { respond } = await bridged([pages, routes], { files, index: "index.md" });
    expect((await respond("/books")).text).toBe("route");
    expect((await respond("/docs")).status).toBe(301);
  });
});

test("No file is looked up for a path that no filter matches, or that a route answers", async () => {
  const root = folderWith({ "docs/index.md": "docs" });
  const { taken, fileSystem } = steps();
  const routes = responder({ "GET /books/:id": () => "book", "GET /style.css": () => "css" });
  const { connect } = await bridgedOn(fileSystem, [filtering(upperCase, { paths: ["*.md"] }), routes], {
    root,
    index: "index.md",
  });
  const peer = await connect();
  taken.length = 0;
  for (const target of ["/style.css", "/books/1", "/books/a.b"]) {
    expect((await peer.send(get(1, target)).answer(1)).status, target).toBe(200);
  }
  expect(taken).toEqual([]);
  expect((await peer.send(get(1, "/docs/")).answer(1)).text).toBe("DOCS");
  expect(taken).toEqual(["stat", "open", "read"]);
});

describe("what a filter sees", () => {
  const spy = filtering(seen, { paths: ["*.txt"] });

  test("is the file, not the script that the Web server names", async () => {
    const { respond, root } = await bridged([spy], { files: { "docs/a b.txt": "hello" } });
    const told = {
      DOCUMENT_ROOT: "/var/www/html",
      DOCUMENT_URI: "/index.php",
      SCRIPT_NAME: "/docs/a b.txt",
      SCRIPT_FILENAME: "/var/www/html/docs/a b.txt",
      PATH_TRANSLATED: "/var/www/html",
      PATH_INFO: "",
      FCGI_DATA_LENGTH: "999",
      FCGI_DATA_LAST_MOD: "1",
    };
    const { params, path, mount, query } = (await respond("/docs/a%20b.txt?x=1", { params: told })).json<{
      params: Record<string, string>;
      [name: string]: unknown;
    }>();
    expect(params).toMatchObject({
      DOCUMENT_ROOT: root,
      DOCUMENT_URI: "/docs/a b.txt",
      SCRIPT_NAME: "/docs/a b.txt",
      SCRIPT_FILENAME: join(root, "docs/a b.txt"),
      PATH_TRANSLATED: join(root, "docs/a b.txt"),
      FCGI_DATA_LENGTH: "5",
      FCGI_DATA_LAST_MOD: "1577934245",
      REQUEST_URI: "/docs/a%20b.txt?x=1",
      QUERY_STRING: "x=1",
    });
    expect(params).not.toHaveProperty("PATH_INFO");
    expect({ path, mount, query }).toEqual({ path: "/docs/a%20b.txt", mount: "", query: { x: "1" } });
  });

  test.each([
    ["comes from PATH_INFO", undefined, { SCRIPT_NAME: "/app", PATH_INFO: "/docs/a.txt" }],
    ["is declared", "/app", {}],
    [
      "is declared, although the Web server cuts elsewhere",
      "/app",
      { SCRIPT_NAME: "/app/docs", PATH_INFO: "/a.txt" },
    ],
  ])("is the same below a mount that %s", async (_how, mount, params) => {
    const { respond, root } = await bridged([spy], { files: { "docs/a.txt": "hello" }, mount });
    const answer = (await respond("/app/docs/a.txt", { params })).json();
    expect(answer).toMatchObject({
      path: "/docs/a.txt",
      mount: "/app",
      params: {
        SCRIPT_NAME: "/app/docs/a.txt",
        DOCUMENT_URI: "/app/docs/a.txt",
        SCRIPT_FILENAME: join(root, "docs/a.txt"),
        REQUEST_URI: "/app/docs/a.txt",
      },
    });
  });

  test("is the first filter that matches the file", async () => {
    const first = filtering(() => "first", { paths: ["/docs/**/*.txt"] });
    const { respond } = await bridged([first, filtering(() => "second")], {
      files: { "docs/a.txt": "", "a.txt": "" },
    });
    expect((await respond("/docs/a.txt")).text).toBe("first");
    expect((await respond("/a.txt")).text).toBe("second");
  });

  test("is a request of the filter role, also in the log", async () => {
    const failing = filtering(({ log }) => {
      log.info("running");
      throw new Error("broken");
    });
    const { respond, log } = await bridged([failing], { files: { "a.txt": "" } });
    expect(await respond("/a.txt")).toMatchObject({ status: 500, text: INTERNAL_ERROR });
    expect(log).toContainEqual(expect.objectContaining({ msg: "running", role: "filter", route: "Test" }));
  });
});

describe("a file protected by an authorizer", () => {
  const files = { "members/a.txt": "a", "members/index.html": "index", "free.txt": "free" };

  test("is filtered if the authorizer covers the path", async () => {
    const { respond } = await bridged([shout, authorizer("Gate", "/members/**")], { files });
    expect((await respond("/members/a.txt")).text).toBe("A");
    expect((await respond("/free.txt")).text).toBe("FREE");
  });

  test("is refused under a name that no authorizer was asked about", async () => {
    const root = folderWith(files);
    symlinkSync("members/a.txt", join(root, "alias.txt"));
    const pages = filtering(upperCase, { paths: ["*.html", "*.txt"] });
    const { respond, log } = await bridged([pages, authorizer("Gate", "/members/a.txt", "index.html")], {
      root,
    });
    for (const target of ["/alias.txt", "/members/"]) {
      expect(await respond(target), target).toMatchObject({ status: 403 });
    }
    expect(log).toContainEqual(
      expect.objectContaining({ code: "ERR_AUTHORIZER_PASSED_BY", authorizers: ["Gate"] }),
    );
    expect(pages.runs).toBe(0);
    expect((await respond("/members/a.txt")).text).toBe("A");
    expect((await respond("/members/index.html")).text).toBe("INDEX");
  });

  test("is refused to a client that splits the path elsewhere", async () => {
    const { respond } = await bridged([shout, authorizer("Gate", "/members/**")], { files });
    // Apache with SetHandler splits "/x/members/a.txt" this way, which the authorizer does not cover.
    const params = { SCRIPT_NAME: "/x", PATH_INFO: "/members/a.txt" };
    expect((await respond("/x/members/a.txt", { params })).status).toBe(403);
  });

  test("is refused through an index that is a link", async () => {
    const root = folderWith({ "real.html": "real", "docs/x": "" });
    symlinkSync("../real.html", join(root, "docs/index.html"));
    const pages = filtering(upperCase, { paths: ["*.html"] });
    const { respond } = await bridged([pages, authorizer("Gate", "/docs/index.html")], { root });
    expect((await respond("/docs/")).status).toBe(403);
    expect((await respond("/real.html")).text).toBe("REAL");
  });

  test("is refused if the glob differs only in letter case", async () => {
    const { respond } = await bridged([shout, authorizer("Gate", "/members/**")], {
      files: { "Members/a.txt": "a" },
    });
    expect((await respond("/Members/a.txt")).status).toBe(403);
    const folders = [filtering(upperCase, { paths: ["*.html"] }), authorizer("Gate", "/members/")];
    const byFolder = await bridged(folders, { files: { "Members/index.html": "a" } });
    expect((await byFolder.respond("/Members/")).status).toBe(403);
  });

  test("is refused if one of two authorizers does not cover the path", async () => {
    const root = folderWith(files);
    symlinkSync("members/a.txt", join(root, "alias.txt"));
    const { respond } = await bridged([shout, authorizer("All"), authorizer("Gate", "/members/**")], {
      root,
    });
    expect((await respond("/alias.txt")).status).toBe(403);
    expect((await respond("/members/a.txt")).text).toBe("A");
  });
});

describe("a file protected by an authorizer in this process", () => {
  const files = { "members/a.txt": "a", "members/index.html": "index", "free.txt": "free" };
  const gate: Definition = {
    kind: "authorizer",
    name: "Gate",
    paths: ["/members/**"],
    variables: ["MEMBER"],
    authorize: ({ headers }: AuthorizerRequest) => {
      const user = headers.get("x-key");
      return user === undefined ? deny(401) : allow({ MEMBER: user });
    },
  };
  const greeting = filtering(
    async (request) => `${request.params.get("MEMBER")} ${await upperCase(request)}`,
    {
      paths: ["*.txt", "*.html"],
    },
  );

  test("is filtered once allowed, with the variables of the authorizer, and only then", async () => {
    const { respond } = await bridged([greeting, gate], {
      files,
      inProcess: true,
      cache: { bytes: 100_000 },
    });
    expect((await respond("/members/a.txt")).status).toBe(401);
    for (const user of ["ada", "bob"]) {
      const answer = await respond("/members/a.txt", { headers: { "X-Key": user, "If-None-Match": "*" } });
      expect([answer.status, answer.text]).toEqual([200, `${user} A`]);
      expect([answer.headers.get("etag"), answer.headers.get("cache-control")]).toEqual([
        undefined,
        "private, no-cache",
      ]);
    }
    expect((await respond("/free.txt", { params: { MEMBER: "mallory" } })).text).toBe("undefined FREE");
  });

  test("is filtered below the declared mount, and not found below another one", async () => {
    const { respond } = await bridged([greeting, gate], { files, inProcess: true, mount: "/app" });
    const headers = { "X-Key": "ada" };
    expect((await respond("/app/members/a.txt")).status).toBe(401);
    expect((await respond("/app/members/a.txt", { headers })).text).toBe("ada A");
    const params = { SCRIPT_NAME: "/x", PATH_INFO: "/members/a.txt" };
    expect((await respond("/x/members/a.txt", { params, headers })).status).toBe(404);
  });

  test("is refused under a name that no authorizer of this process was asked about", async () => {
    const root = folderWith(files);
    symlinkSync("members/a.txt", join(root, "alias.txt"));
    const { respond } = await bridged([greeting, gate], { root, inProcess: true });
    expect((await respond("/alias.txt", { headers: { "X-Key": "ada" } })).status).toBe(403);
  });
});

describe("between lookup and open", () => {
  test("a folder that becomes a link out of the root exposes none of its files", async () => {
    const folder = folderWith({ "site/docs/a.txt": "public", "private/a.txt": "SECRET" });
    const docs = join(folder, "site/docs");
    const { fileSystem } = steps({
      beforeOpen: () => {
        renameSync(docs, join(folder, "aside"));
        symlinkSync("../private", docs);
      },
    });
    const { connect } = await bridgedOn(fileSystem, [filtering(upperCase)], { root: join(folder, "site") });
    const answer = await (await connect()).send(get(1, "/docs/a.txt")).answer(1);
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain("SECRET");
    expect(openFilesBelow(folder)).toEqual([]);
  });

  test("a file that disappears is a 404, or the answer of a route", async () => {
    const root = folderWith({});
    const path = join(root, "a.txt");
    const { fileSystem } = steps({ beforeOpen: () => unlinkSync(path) });
    const filters = [filtering(upperCase)];
    const alone = await (await bridgedOn(fileSystem, filters, { root })).connect();
    putFile(path, "a");
    expect((await alone.send(get(1, "/a.txt")).answer(1)).status).toBe(404);
    const routes = responder({ "GET /a.txt": () => "route" });
    const both = await (await bridgedOn(fileSystem, [...filters, routes], { root })).connect();
    putFile(path, "a");
    expect((await both.send(get(1, "/a.txt")).answer(1)).text).toBe("route");
  });

  test("a file that is replaced has the length of the opened one", async () => {
    const root = folderWith({ "a.txt": "short" });
    const path = join(root, "a.txt");
    const { fileSystem } = steps({
      beforeOpen: () => {
        putFile(`${path}.new`, "this is longer");
        renameSync(`${path}.new`, path);
      },
    });
    const lengths = filtering(async (request) => `${request.dataLength} ${await upperCase(request)}`);
    const peer = await (await bridgedOn(fileSystem, [lengths], { root })).connect();
    expect((await peer.send(get(1, "/a.txt")).answer(1)).text).toBe("14 THIS IS LONGER");
  });

  test("a system error is a 500 that exposes nothing, and is logged", async () => {
    const root = folderWith({ "a.txt": "a" });
    const { fileSystem } = steps({
      beforeOpen: () => {
        throw Object.assign(new Error(`EMFILE: too many open files, open '${root}/a.txt'`), {
          code: "EMFILE",
        });
      },
    });
    const { connect, log } = await bridgedOn(fileSystem, [filtering(upperCase)], { root });
    const answer = await (await connect()).send(get(1, "/a.txt")).answer(1);
    expect([answer.status, answer.text]).toEqual([500, INTERNAL_ERROR]);
    expect(log).toContainEqual(
      expect.objectContaining({
        err: expect.objectContaining({ message: expect.stringContaining("EMFILE") as string }) as object,
      }),
    );
  });
});

describe("the bridge does not start", () => {
  test("without a filter", async () => {
    await expect(bridged([responder({ "GET /": () => "x" })])).rejects.toMatchObject({
      code: "ERR_BRIDGE",
      message: expect.stringContaining("the application has no filter") as string,
    });
  });

  test("without its folder", async () => {
    await expect(bridged([shout], { root: "/nowhere/at/all" })).rejects.toMatchObject({
      code: "ERR_DOCUMENT_ROOT",
    });
  });
});
