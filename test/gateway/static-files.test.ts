import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { http } from "./support/http.js";
import { openStage } from "./support/stage.js";

describe("a static file", () => {
  const files = {
    "index.html": "<h1>home</h1>",
    "a b.txt": "0123456789",
    "docs/index.html": "docs",
    "empty/x/y": "",
  };

  it("is sent with type, ETag and Last-Modified", async () => {
    const { url } = await openStage({ files });
    const answer = await http(url, "/a%20b.txt");
    expect(answer).toMatchObject({ status: 200, body: "0123456789" });
    expect(answer.headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-length": "10",
      "cache-control": "no-cache",
      etag: expect.stringMatching(/^W\/".+"$/),
      "last-modified": expect.any(String),
    });
  });

  it("answers HEAD, ranges and conditional requests", async () => {
    const { url } = await openStage({ files });
    const head = await http(url, "/a%20b.txt", { method: "HEAD" });
    expect(head).toMatchObject({ status: 200, body: "", headers: { "content-length": "10" } });
    const range = await http(url, "/a%20b.txt", { headers: { Range: "bytes=2-4" } });
    expect(range).toMatchObject({ status: 206, body: "234", headers: { "content-range": "bytes 2-4/10" } });
    const beyond = await http(url, "/a%20b.txt", { headers: { Range: "bytes=99-" } });
    expect(beyond).toMatchObject({ status: 416, headers: { "content-range": "bytes */10" } });
    const same = await http(url, "/a%20b.txt", { headers: { "If-None-Match": head.headers.etag } });
    expect(same).toMatchObject({ status: 304, body: "" });
  });

  it("is the index.html of a folder, and a folder without slash is redirected with its query", async () => {
    const { url } = await openStage({ files });
    expect(await http(url, "/")).toMatchObject({ status: 200, body: "<h1>home</h1>" });
    expect(await http(url, "/docs/")).toMatchObject({ status: 200, body: "docs" });
    expect(await http(url, "/docs?a=b")).toMatchObject({ status: 301, headers: { location: "/docs/?a=b" } });
    expect(await http(url, "/empty/")).toMatchObject({ status: 404 });
  });

  it("is 404 when it is missing, in plain text that shows nothing", async () => {
    const { url } = await openStage({ files });
    const answer = await http(url, "/<b>none");
    expect(answer).toMatchObject({ status: 404, body: "404 Not Found\n" });
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(await http(url, "/a%20b.txt/more")).toMatchObject({ status: 404 });
    expect(await http(url, `/${"x".repeat(300)}`)).toMatchObject({ status: 404 });
  });

  it("knows GET and HEAD only", async () => {
    const { url } = await openStage({ files });
    const answer = await http(url, "/", { method: "POST", body: "x" });
    expect(answer).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });

  it.each(["/.env", "/.git/config", "/docs/.env", "/link-to-dot"])(
    "is refused for the dot file %s",
    async (path) => {
      const { url } = await openStage({
        files: { ...files, ".env": "SECRET", ".git/config": "SECRET", "docs/.env": "SECRET" },
        prepare: (root) => symlink(join(root, ".env"), join(root, "link-to-dot")),
      });
      expect(await http(url, path)).toMatchObject({ status: 403, body: "403 Forbidden\n" });
    },
  );

  it("is refused where a link leads out of the root, and served where it stays inside", async () => {
    const { url } = await openStage({
      files,
      async prepare(root) {
        await writeFile(join(root, "..", "outside.txt"), "SECRET");
        await mkdir(join(root, "..", "root-twin"));
        await writeFile(join(root, "..", "root-twin", "x.txt"), "SECRET");
        await symlink("../outside.txt", join(root, "out.txt"));
        await symlink("../root-twin", join(root, "twin"));
        await symlink("/etc", join(root, "etc"));
        await symlink("docs", join(root, "inside"));
        await symlink("loop", join(root, "loop"));
        await symlink("nowhere", join(root, "dangling"));
      },
    });
    for (const path of ["/out.txt", "/twin/x.txt", "/etc/passwd", "/etc/", "/etc"]) {
      expect(await http(url, path), path).toMatchObject({ status: 404, body: "404 Not Found\n" });
    }
    expect(await http(url, "/loop")).toMatchObject({ status: 403 });
    expect(await http(url, "/inside/")).toMatchObject({ status: 200, body: "docs" });
    expect(await http(url, "/dangling")).toMatchObject({ status: 404 });
  });

  it("is refused where there is a pipe instead, without waiting for it", async () => {
    const { url } = await openStage({
      files,
      async prepare(root) {
        execFileSync("mkfifo", [join(root, "pipe"), join(root, "pipe.txt")]);
      },
      routes: { filter: ["*.txt"] },
    });
    expect(await http(url, "/pipe")).toMatchObject({ status: 403 });
    expect(await http(url, "/pipe.txt")).toMatchObject({ status: 403 });
  });

  it.each([
    ["/../outside.txt", 400],
    ["/..%2foutside.txt", 400],
    ["/%2e%2e/outside.txt", 400],
    ["/docs/..%5c..%5coutside.txt", 400],
    ["/docs%2findex.html", 400],
    ["/a%00.txt", 400],
    ["/%ff", 400],
    ["/docs/../../outside.txt", 400],
    ["/docs//index.html", 308],
    ["/docs/../index.html", 308],
  ])("is not reached by %s", async (path, status) => {
    const { url } = await openStage({
      files,
      prepare: (root) => writeFile(join(root, "..", "outside.txt"), "SECRET"),
    });
    const answer = await http(url, path);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain("SECRET");
  });

  it("needs one plain host", async () => {
    const { url } = await openStage({ files });
    expect((await http(url, "/", { headers: { Host: "a/b" } })).status).toBe(400);
    expect((await http(url, "/", { headers: ["Host", "a", "Host", "b"] })).status).toBe(400);
    expect((await http(url, "http://a@b/", {})).status).toBe(400);
    expect((await http(url, "http://example.org/", {})).status).toBe(200);
  });
});
