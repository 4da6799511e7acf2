import { execFileSync } from "node:child_process";
import { renameSync, symlinkSync, unlinkSync } from "node:fs";
import { mkdir, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { openFilesBelow } from "../support/folders.js";
import { http } from "./support/http.js";
import { openStage } from "./support/stage.js";

/** When a file was last changed that is not one of this moment. */
const DATE = "Fri, 13 Feb 2009 23:31:30 GMT";
const age = (path: string): Promise<void> => utimes(path, 1_234_567_890, 1_234_567_890);

describe("a static file", () => {
  const files = {
    "index.html": "<h1>home</h1>",
    "a b.txt": "0123456789",
    "docs/index.html": "docs",
    "empty/x/y": "",
  };

  it("is sent with type, ETag and Last-Modified", async () => {
    const { url } = await openStage({ files, prepare: (root) => age(join(root, "a b.txt")) });
    const answer = await http(url, "/a%20b.txt");
    expect(answer).toMatchObject({ status: 200, body: "0123456789" });
    expect(answer.headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-length": "10",
      "cache-control": "no-cache",
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
      etag: expect.stringMatching(/^"[\x21\x23-\x7e]+"$/),
      "last-modified": DATE,
    });
  });

  it("has a weak ETag while another change could leave its time the same, and no date in the future", async () => {
    const future = new Date(Date.now() + 3_600_000);
    const { url } = await openStage({
      files,
      prepare: (root) => utimes(join(root, "a b.txt"), future, future),
    });
    const { headers } = await http(url, "/a%20b.txt");
    expect(headers.etag).toMatch(/^W\/".+"$/);
    expect(Date.parse(headers["last-modified"]!)).toBeLessThanOrEqual(Date.now());
  });

  it.each([
    ["a.html", "text/html; charset=utf-8"],
    ["A.HTML", "text/html; charset=utf-8"],
    ["a.mjs", "text/javascript; charset=utf-8"],
    ["a.json", "application/json; charset=utf-8"],
    ["a.svg", "image/svg+xml"],
    ["a.woff2", "font/woff2"],
    ["a.wasm", "application/wasm"],
    ["a.tar.gz", "application/gzip"],
    ["README", "application/octet-stream"],
    ["a.constructor", "application/octet-stream"],
    ["a.", "application/octet-stream"],
  ])("%s is %s", async (name, type) => {
    const { url } = await openStage({ files: { [name]: "x" } });
    expect((await http(url, `/${name}`)).headers["content-type"]).toBe(type);
  });

  it("may be empty, or longer than one piece", async () => {
    const large = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
    const { url } = await openStage({ files: { "empty.bin": "", "large.bin": large } });
    expect(await http(url, "/empty.bin")).toMatchObject({
      status: 200,
      body: "",
      headers: { "content-length": "0" },
    });
    expect((await http(url, "/large.bin")).bytes.equals(large)).toBe(true);
    const part = await http(url, "/large.bin", { headers: { Range: "bytes=60000-199998" } });
    expect(part.bytes.equals(large.subarray(60_000, 199_999))).toBe(true);
    expect((await http(url, "/empty.bin", { headers: { Range: "bytes=0-" } })).status).toBe(416);
  });

  it.each([
    [{ "If-None-Match": "ETAG" }, 304],
    [{ "If-None-Match": "W/ETAG" }, 304],
    [{ "If-None-Match": '"x", ETAG' }, 304],
    [{ "If-None-Match": "*" }, 304],
    [{ "If-None-Match": '"x"' }, 200],
    [{ "If-None-Match": '"x"', "If-Modified-Since": DATE }, 200],
    [{ "If-Modified-Since": DATE }, 304],
    [{ "If-Modified-Since": "Fri, 13 Feb 2009 23:31:29 GMT" }, 200],
    [{ "If-Modified-Since": "yesterday" }, 200],
    [{ "If-Match": "ETAG" }, 200],
    [{ "If-Match": "*" }, 200],
    [{ "If-Match": '"x"' }, 412],
    [{ "If-Match": "W/ETAG" }, 412],
    [{ "If-Unmodified-Since": DATE }, 200],
    [{ "If-Unmodified-Since": "Fri, 13 Feb 2009 23:31:29 GMT" }, 412],
    [{ "If-Match": "ETAG", "If-None-Match": "ETAG" }, 304],
    [{ "If-None-Match": "ETAG", Range: "bytes=0-0" }, 304],
    [{ Range: "bytes=0-0" }, 206],
    [{ Range: "bytes=-3" }, 206],
    [{ Range: "bytes=10-" }, 416],
    [{ Range: "bytes=0-0,2-3" }, 200],
    [{ Range: "lines=0-0" }, 200],
    [{ Range: "bytes=0-0", "If-Range": "ETAG" }, 206],
    [{ Range: "bytes=0-0", "If-Range": "W/ETAG" }, 200],
    [{ Range: "bytes=0-0", "If-Range": '"x"' }, 200],
    [{ Range: "bytes=0-0", "If-Range": DATE }, 206],
    [{ Range: "bytes=0-0", "If-Range": "Fri, 13 Feb 2009 23:31:31 GMT" }, 200],
    [{ Range: "bytes=99-", "If-Range": '"x"' }, 200],
  ])("requested with %j is a %i", async (conditions, status) => {
    const { url } = await openStage({ files, prepare: (root) => age(join(root, "a b.txt")) });
    const { etag } = (await http(url, "/a%20b.txt")).headers;
    const headers = Object.fromEntries(
      Object.entries(conditions).map(([name, value]) => [name, value.replace("ETAG", etag!)]),
    );
    const answer = await http(url, "/a%20b.txt", { headers });
    expect(answer.status).toBe(status);
    if (status === 412) expect(answer.headers).not.toHaveProperty("etag");
    if (status !== 304) return;
    expect(answer.headers).toMatchObject({ etag, "last-modified": DATE, "cache-control": "no-cache" });
    for (const name of ["content-type", "content-length"]) expect(answer.headers).not.toHaveProperty(name);
  });

  it("ignores a range for HEAD", async () => {
    const { url } = await openStage({ files });
    const answer = await http(url, "/a%20b.txt", { method: "HEAD", headers: { Range: "bytes=0-0" } });
    expect(answer).toMatchObject({ status: 200, body: "", headers: { "content-length": "10" } });
  });

  it("is aborted if the file shrinks while it is sent, and is closed", async () => {
    const { url, root } = await openStage({ files: { "large.bin": Buffer.alloc(32 * 1024 * 1024) } });
    const broken = new Promise<string | undefined>((resolve) => {
      const request = httpRequest(`${url}/large.bin`, { agent: false }, (response) => {
        response.once("data", () => {
          response.pause();
          void truncate(join(root, "large.bin"), 1).then(() => response.resume());
        });
        response.on("end", () => resolve("whole"));
        response.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      });
      request.on("error", () => {});
      request.end();
    });
    expect(await broken).toBe("ECONNRESET");
    await expect.poll(() => openFilesBelow(root)).toEqual([]);
  });

  it("is closed when its client leaves", async () => {
    const { url, root } = await openStage({ files: { "large.bin": Buffer.alloc(32 * 1024 * 1024) } });
    await new Promise<void>((resolve) => {
      const request = httpRequest(`${url}/large.bin`, { agent: false }, (response) => {
        response.on("error", () => {});
        response.once("data", () => response.destroy());
        response.once("close", resolve);
      });
      request.end();
    });
    await expect.poll(() => openFilesBelow(root)).toEqual([]);
  });

  describe("that is swapped between its lookup and its opening", () => {
    /** The answer if files are swapped while the authorizer decides, which is after the lookup. */
    async function swapped(swap: (root: string) => void): Promise<{ status: number; body: string }> {
      const stage = await openStage({
        files: { "docs/a.txt": "public" },
        routes: { protect: ["/**"] },
        prepare: async (root) => {
          await mkdir(join(root, "..", "private"));
          await writeFile(join(root, "..", "private", "a.txt"), "SECRET");
        },
        scripts: {
          2: (request) => {
            swap(stage.root);
            request.answer("Status: 200 OK\r\n\r\n");
          },
        },
      });
      return http(stage.url, "/docs/a.txt");
    }

    it("is sent if nothing was swapped", async () => {
      expect(await swapped(() => {})).toMatchObject({ status: 200, body: "public" });
    });

    it("is not followed if it became a link out of the root", async () => {
      const answer = await swapped((root) => {
        unlinkSync(join(root, "docs/a.txt"));
        symlinkSync("../../private/a.txt", join(root, "docs/a.txt"));
      });
      expect(answer).toMatchObject({ status: 403, body: "403 Forbidden\n" });
    });

    it("is 404 if a folder above it became a link out of the root", async () => {
      const answer = await swapped((root) => {
        renameSync(join(root, "docs"), join(root, "aside"));
        symlinkSync("../private", join(root, "docs"));
      });
      expect(answer).toMatchObject({ status: 404, body: "404 Not Found\n" });
    });

    it("is 404 if it was removed", async () => {
      const answer = await swapped((root) => unlinkSync(join(root, "docs/a.txt")));
      expect(answer).toMatchObject({ status: 404 });
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

  it("is 404 if missing, in plain text that reveals nothing", async () => {
    const { url } = await openStage({ files });
    const answer = await http(url, "/<b>none");
    expect(answer).toMatchObject({ status: 404, body: "404 Not Found\n" });
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(await http(url, "/a%20b.txt/more")).toMatchObject({ status: 404 });
    expect(await http(url, `/${"x".repeat(300)}`)).toMatchObject({ status: 404 });
  });

  it("accepts GET and HEAD only", async () => {
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

  it("is refused if a link leads outside the root, and served if it stays inside", async () => {
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

  it("is refused if it is a pipe, without waiting for it", async () => {
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

  it("needs one valid host", async () => {
    const { url } = await openStage({ files });
    expect((await http(url, "/", { headers: { Host: "a/b" } })).status).toBe(400);
    expect((await http(url, "/", { headers: ["Host", "a", "Host", "b"] })).status).toBe(400);
    expect((await http(url, "http://a@b/", {})).status).toBe(400);
    expect((await http(url, "http://example.org/", {})).status).toBe(200);
  });
});
