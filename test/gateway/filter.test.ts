import { readdir, readlink, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { http } from "./support/http.js";
import type { Script, ScriptedRequest } from "./support/scripted-application.js";
import { openStage } from "./support/stage.js";

const MEBIBYTE = 1024 * 1024;
const filter = ["*.txt"];

/** Answers with the role, the file and the body, in upper case. */
const shout: Script = async (request) => {
  await request.complete;
  request.answer(
    `Status: 200\r\n\r\n${request.role}:${request.data.toString().toUpperCase()}:${request.stdin.toString()}`,
  );
};

/** The files of the root that this process, and so the gateway, has open. */
async function openFilesBelow(root: string): Promise<string[]> {
  const descriptors = await readdir("/proc/self/fd");
  const paths = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
  return paths.filter((path) => path.startsWith(`${root}/`)).map((path) => path.slice(root.length + 1));
}

describe("a file behind a filter", () => {
  it("is sent as DATA with its length, its time and its names", async () => {
    const { url, application, root } = await openStage({
      scripts: { 3: shout },
      files: { "docs/a b.txt": "hello\n" },
      routes: { filter },
      prepare: (folder) => utimes(join(folder, "docs/a b.txt"), 1_000_000_000.9, 1_234_567_890.9),
    });
    expect(await http(url, "/docs/a%20b.txt?x=1")).toMatchObject({ status: 200, body: "3:HELLO\n:" });
    const { params } = application.last(3)!;
    expect(params).toMatchObject({
      FCGI_DATA_LENGTH: "6",
      FCGI_DATA_LAST_MOD: "1234567890",
      SCRIPT_NAME: "/docs/a b.txt",
      SCRIPT_FILENAME: `${root}/docs/a b.txt`,
      PATH_TRANSLATED: `${root}/docs/a b.txt`,
      DOCUMENT_URI: "/docs/a b.txt",
      REQUEST_URI: "/docs/a%20b.txt?x=1",
      QUERY_STRING: "x=1",
    });
    expect(params).not.toHaveProperty("PATH_INFO");
    expect(params).not.toHaveProperty("CONTENT_LENGTH");
  });

  it("arrives with the request body as STDIN", async () => {
    const { url, application } = await openStage({
      scripts: { 3: shout },
      files: { "a.txt": "file" },
      routes: { filter },
    });
    expect(await http(url, "/a.txt", { method: "POST", body: "posted" })).toMatchObject({
      body: "3:FILE:posted",
    });
    expect(application.last(3)!.params).toMatchObject({ REQUEST_METHOD: "POST" });
  });

  it("may be empty, large, or unread", async () => {
    const large = Buffer.alloc(5 * MEBIBYTE, "x");
    const { url } = await openStage({
      scripts: {
        3: async (request) => {
          if (request.params["QUERY_STRING"] === "skip") return request.answer("Status: 304\r\n\r\n");
          await request.complete;
          request.answer(`Status: 200\r\n\r\n${request.data.length}`);
        },
      },
      files: { "empty.txt": "", "large.txt": large },
      routes: { filter },
    });
    expect(await http(url, "/empty.txt")).toMatchObject({ body: "0" });
    expect(await http(url, "/large.txt")).toMatchObject({ body: String(large.length) });
    expect(await http(url, "/large.txt?skip")).toMatchObject({ status: 304, body: "" });
    expect(await http(url, "/large.txt", { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
  });

  it("is not replaced by the file itself if the filter fails", async () => {
    const { url } = await openStage({
      scripts: { 3: (request) => request.end({ protocolStatus: 3 }) },
      files: { "a.txt": "SECRET" },
      routes: { filter },
    });
    for (const headers of [{}, { Range: "bytes=0-2" }]) {
      expect(await http(url, "/a.txt", { headers })).toMatchObject({
        status: 502,
        body: "502 Bad Gateway\n",
      });
    }
  });

  it("accepts GET, HEAD and POST", async () => {
    const { url, application } = await openStage({
      scripts: { 3: shout },
      files: { "a.txt": "x" },
      routes: { filter },
    });
    expect(await http(url, "/a.txt", { method: "DELETE" })).toMatchObject({
      status: 405,
      headers: { allow: "GET, HEAD, POST" },
    });
    expect(application.requests).toEqual([]);
  });

  it("takes precedence over a responder, which receives other paths", async () => {
    const { url } = await openStage({
      scripts: { 1: shout, 3: shout },
      files: { "a.txt": "x", "folder.txt/y": "" },
      routes: { filter, respond: ["/"] },
    });
    expect(await http(url, "/a.txt")).toMatchObject({ body: "3:X:" });
    expect(await http(url, "/b.txt")).toMatchObject({ body: "1::" });
    expect(await http(url, "/folder.txt")).toMatchObject({ body: "1::" });
  });

  it("is 404 if missing, 403 as a dot file, and a folder stays a folder", async () => {
    const { url, application } = await openStage({
      scripts: { 3: shout },
      files: { ".a.txt": "SECRET", "folder.txt/y": "", ok: "" },
      routes: { filter },
      async prepare(root) {
        await symlink(".a.txt", join(root, "link.txt"));
        await symlink("ok", join(root, ".link.txt"));
      },
    });
    expect(await http(url, "/none.txt")).toMatchObject({ status: 404 });
    for (const path of ["/.a.txt", "/link.txt", "/.link.txt"]) {
      expect(await http(url, path), path).toMatchObject({ status: 403 });
    }
    expect(await http(url, "/folder.txt")).toMatchObject({
      status: 301,
      headers: { location: "/folder.txt/" },
    });
    expect(await http(url, "/folder.txt/")).toMatchObject({ status: 404 });
    expect(application.requests).toEqual([]);
  });

  it("is found by the index of a folder and through a link, under the name that the filter covers", async () => {
    const { url, application } = await openStage({
      scripts: { 3: shout },
      files: { "index.html": "home", "real.txt": "real" },
      routes: { filter: ["*.txt", "*.html"] },
      async prepare(root) {
        await symlink("real.txt", join(root, "alias"));
        await writeFile(join(root, "..", "outside.txt"), "SECRET");
        await symlink("../outside.txt", join(root, "out.txt"));
      },
    });
    expect(await http(url, "/")).toMatchObject({ body: "3:HOME:" });
    expect(application.last(3)!.params).toMatchObject({ SCRIPT_NAME: "/index.html", REQUEST_URI: "/" });
    expect(await http(url, "/alias")).toMatchObject({ body: "3:REAL:" });
    expect(application.last(3)!.params).toMatchObject({ SCRIPT_NAME: "/real.txt", REQUEST_URI: "/alias" });
    expect(await http(url, "/out.txt")).toMatchObject({ status: 404 });
  });

  it("that shrinks during reading aborts the request", async () => {
    let arrive!: (request: ScriptedRequest) => void;
    const arrived = new Promise<ScriptedRequest>((resolve) => (arrive = resolve));
    const { url, root } = await openStage({
      scripts: {
        2: (request) => request.answer("Status: 200\r\n\r\n"),
        // Not reading holds the rest of the file back.
        3: (request) => {
          request.socket.pause();
          arrive(request);
        },
      },
      files: { "a.txt": Buffer.alloc(40 * MEBIBYTE) },
      routes: { filter, protect: ["/**"] },
    });
    const answer = http(url, "/a.txt");
    const request = await arrived;
    await truncate(join(root, "a.txt"), 1);
    request.socket.resume();
    expect(await answer).toMatchObject({ status: 500, body: "500 Internal Server Error\n" });
    expect(["ABORT_REQUEST", "closed"]).toContain(await request.aborted);
  });

  it("is closed when the client leaves", async () => {
    let arrive!: (request: ScriptedRequest) => void;
    const arrived = new Promise<ScriptedRequest>((resolve) => (arrive = resolve));
    const { url, root } = await openStage({
      scripts: { 3: (request) => arrive(request) },
      files: { "a.txt": Buffer.alloc(MEBIBYTE) },
      routes: { filter },
    });
    const { hostname, port } = new URL(url);
    const outgoing = httpRequest({ hostname, port, path: "/a.txt", agent: false }).on(
      "error",
      () => undefined,
    );
    outgoing.end();
    const request = await arrived;
    expect(await openFilesBelow(root)).toEqual(["a.txt"]);
    outgoing.destroy();
    expect(["ABORT_REQUEST", "closed"]).toContain(await request.aborted);
    await expect.poll(() => openFilesBelow(root)).toEqual([]);
  });
});
