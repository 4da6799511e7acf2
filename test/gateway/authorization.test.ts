import { symlink } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { http } from "./support/http.js";
import type { Script } from "./support/scripted-application.js";
import { openStage } from "./support/stage.js";

const files = {
  "index.html": "home",
  "members/secret.txt": "SECRET",
  "members/index.html": "SECRET index",
  "public/a.txt": "public",
};
const protect = ["/members/**"];

const allow: Script = (request) => request.answer("Status: 200 OK\r\n\r\n");
const denial =
  "Status: 403 Go away\r\nContent-Type: text/html\r\nX-Why: you\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nVariable-A: b\r\n\r\n<p>no</p>";
const deny: Script = (request) => request.answer(denial);

describe("a protected path", () => {
  it("is served if the authorizer answers 200, and kept out of shared caches", async () => {
    const { url, application } = await openStage({ scripts: { 2: allow }, files, routes: { protect } });
    const answer = await http(url, "/members/secret.txt");
    expect(answer).toMatchObject({ status: 200, body: "SECRET" });
    expect(answer.headers["cache-control"]).toBe("private, no-cache");
    expect(application.requests.map(({ role }) => role)).toEqual([2]);
    expect(application.requests[0]!.stdin.length).toBe(0);
  });

  it("is not asked about elsewhere", async () => {
    const { url, application } = await openStage({ scripts: { 2: deny }, files, routes: { protect } });
    expect(await http(url, "/public/a.txt")).toMatchObject({ status: 200, body: "public" });
    expect(application.requests).toEqual([]);
  });

  it("answers with status, headers and body of the denial", async () => {
    const { url } = await openStage({ scripts: { 2: deny }, files, routes: { protect } });
    const answer = await http(url, "/members/secret.txt");
    expect(answer).toMatchObject({ status: 403, reason: "Go away", body: "<p>no</p>" });
    expect(answer.headers).toMatchObject({
      "content-type": "text/html",
      "x-why": "you",
      "set-cookie": ["a=1", "b=2"],
    });
    expect(answer.headers["variable-a"]).toBeUndefined();
    expect(answer.headers["status"]).toBeUndefined();
  });

  it("is asked about under each of its names, which different authorizers may cover", async () => {
    const asked: (string | undefined)[] = [];
    const byName: Script = (request) => {
      const name = request.params["DOCUMENT_URI"];
      asked.push(name);
      const isDenied = name === "/vault/real.txt";
      request.answer(isDenied ? denial : "Status: 200 OK\r\nVariable-USER: ada\r\n\r\n");
    };
    const { url } = await openStage({
      scripts: { 2: byName },
      files: { "vault/real.txt": "SECRET", "vault/index.html": "SECRET", "members/own/index.html": "own" },
      prepare: async (root) => {
        await symlink("../vault/real.txt", join(root, "members/alias.txt"));
        await symlink("../vault", join(root, "members/vault"));
      },
      routes: { protect: ["/members/**", "/vault/**"] },
    });
    expect((await http(url, "/members/alias.txt")).status).toBe(403);
    // The index of a linked folder has three names.
    expect((await http(url, "/members/vault/")).status).toBe(200);
    expect((await http(url, "/members/own/")).status).toBe(200);
    expect(asked).toEqual([
      "/vault/real.txt",
      "/members/vault/index.html",
      "/vault/index.html",
      "/members/own/index.html",
    ]);
  });

  it("forwards a challenge and the client's credentials", async () => {
    const { url } = await openStage({
      scripts: {
        2: (request) =>
          request.params["HTTP_AUTHORIZATION"] === "Basic YTpi"
            ? request.answer("Status: 200\r\n\r\n")
            : request.answer('Status: 401\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n'),
      },
      files,
      routes: { protect },
    });
    const asked = await http(url, "/members/");
    expect(asked).toMatchObject({ status: 401, headers: { "www-authenticate": 'Basic realm="x"' } });
    expect(await http(url, "/members/", { headers: { Authorization: "Basic YTpi" } })).toMatchObject({
      status: 200,
      body: "SECRET index",
    });
  });

  it.each(["Status: 204\r\n\r\n", "Status: 299\r\n\r\n", "Status: 302\r\nLocation: /login\r\n\r\n"])(
    "is not served for the answer %j, which goes to the client",
    async (text) => {
      const { url } = await openStage({
        scripts: { 2: (request) => request.answer(text) },
        files,
        routes: { protect },
      });
      const answer = await http(url, "/members/secret.txt");
      expect(answer.status).toBe(Number(text.slice(8, 11)));
      expect(answer.body).not.toContain("SECRET");
    },
  );

  const failures: [name: string, script: Script, status: number][] = [
    ["sends no output", (request) => request.end(), 502],
    [
      "sends a header block without Status",
      (request) => request.answer("Content-Type: text/plain\r\n\r\n"),
      502,
    ],
    ["sends only a Location", (request) => request.answer("Location: /x\r\n\r\n"), 502],
    ["has Status only in its body", (request) => request.answer("X: y\r\n\r\nStatus: 200\r\n\r\n"), 502],
    ["writes a stack trace", (request) => request.answer("Error: x\n    at y (z:1:2)\n\n"), 502],
    ["writes text", (request) => request.answer("hello"), 502],
    ["writes an HTTP status line", (request) => request.answer("HTTP/1.1 200 OK\r\n\r\n"), 502],
    ["leaves out the blank line", (request) => request.answer("Status: 200 OK\r\n"), 502],
    ["says Status twice", (request) => request.answer("Status: 200\r\nStatus: 403\r\n\r\n"), 502],
    ["says no number", (request) => request.answer("Status: OK\r\n\r\n"), 502],
    [
      "closes before END_REQUEST",
      (request) => void (request.stdout("Status: 200 OK\r\n\r\n"), request.socket.end()),
      502,
    ],
    ["closes without an answer", (request) => void request.socket.destroy(), 502],
    [
      "ends with application status 1",
      (request) => request.answer("Status: 200\r\n\r\n", { applicationStatus: 1 }),
      502,
    ],
    [
      "ends with OVERLOADED behind 200",
      (request) => request.answer("Status: 200\r\n\r\n", { protocolStatus: 2 }),
      502,
    ],
    ["is overloaded", (request) => request.end({ protocolStatus: 2 }), 503],
    ["does not know the role", (request) => request.end({ protocolStatus: 3 }), 502],
    ["cannot multiplex", (request) => request.end({ protocolStatus: 1 }), 502],
    ["breaks the protocol", (request) => void request.socket.write("HTTP/1.1 200 OK\r\n\r\n"), 502],
    [
      "gives one variable two values",
      (request) => request.answer("Status: 200\r\nVariable-A: 1\r\nVariable-a: 2\r\n\r\n"),
      502,
    ],
    ["never answers", () => undefined, 504],
    ["never ends its answer", (request) => void request.stdout("Status: 200\r\n\r\n"), 504],
  ];
  it.each(failures)("is not served if the authorizer %s", async (_, script, status) => {
    const { url } = await openStage({
      scripts: { 1: (request) => request.answer("Status: 200\r\n\r\nSECRET"), 2: script },
      files,
      routes: { protect: ["/**"], respond: ["/api"], filter: ["*.html"] },
      gateway: { timeouts: { authorizer: 250, close: 1_000 } },
    });
    for (const path of ["/members/secret.txt", "/api/x", "/members/index.html"]) {
      const answer = await http(url, path);
      expect(answer.status).toBe(status);
      expect(answer.body).toMatch(/^50\d [A-Z][\w ]+\n$/);
    }
  });

  it("is not served if the application is unreachable", async () => {
    const { url, application } = await openStage({ files, routes: { protect } });
    await application.close();
    expect(await http(url, "/members/secret.txt")).toMatchObject({ status: 502, body: "502 Bad Gateway\n" });
  });

  it.each([
    "/members/../members/secret.txt",
    "//members/secret.txt",
    "/members//secret.txt",
    "/./members/secret.txt",
    "/public/../members/secret.txt",
    "/public/%2e%2e/members/secret.txt",
    "/public/%2E./members/secret.txt",
    "/public/..%2fmembers/secret.txt",
    "/members%2fsecret.txt",
    "/members%5csecret.txt",
    "/members\\secret.txt",
    "/%6dembers/secret.txt",
    "/%6d%65%6d%62%65%72%73/%73ecret.txt",
    "/members/secret.txt.",
    "/members./secret.txt",
    "/members%20/secret.txt",
    "/MEMBERS/secret.txt",
    "/Members/Secret.TXT",
    "/members/secret.txt/",
    "/members/secret.txt%00",
    "/members/secret.txt%00.html",
    "/members/secret.txt;x=y",
    "/members;x/secret.txt",
    "/members?/../public",
    "/members/",
    "/members",
    "/alias.txt",
    "/alias/secret.txt",
    "/alias/",
    "http://other/members/secret.txt",
    "http://other//members/secret.txt",
  ])("is not bypassed by %s", async (path) => {
    const { url } = await openStage({
      scripts: { 2: (request) => request.answer("Status: 403\r\n\r\n") },
      files,
      routes: { protect },
      async prepare(root) {
        await symlink("members/secret.txt", join(root, "alias.txt"));
        await symlink("members", join(root, "alias"));
      },
    });
    const answer = await http(url, path);
    expect([308, 400, 403]).toContain(answer.status);
    expect(answer.body).not.toContain("SECRET");
  });

  it("protects the index of a folder by its file name", async () => {
    const { url, application } = await openStage({
      scripts: { 2: deny },
      files,
      routes: { protect: ["*.html"] },
    });
    expect(await http(url, "/")).toMatchObject({ status: 403, body: "<p>no</p>" });
    expect(application.last(2)!.params).toMatchObject({ REQUEST_URI: "/", DOCUMENT_URI: "/index.html" });
  });

  it("covers responders and filters, and hides what does not exist", async () => {
    const { url, application } = await openStage({
      scripts: { 1: allow, 2: deny, 3: allow },
      files,
      routes: { protect: ["/members/**", "/api/**"], respond: ["/api"], filter: ["*.txt"] },
    });
    for (const path of ["/members/secret.txt", "/api/x", "/api", "/members/none"]) {
      expect(await http(url, path, { method: "POST", body: "x" }), path).toMatchObject({ status: 403 });
    }
    expect(application.requests.map(({ role }) => role)).toEqual([2, 2, 2, 2]);
  });

  it("visibly aborts a denial if the authorizer aborts it", async () => {
    const { url } = await openStage({
      scripts: { 2: (request) => void (request.stdout("Status: 403\r\n\r\nab"), request.socket.end()) },
      files,
      routes: { protect },
    });
    await expect(http(url, "/members/")).rejects.toMatchObject({ code: "ECONNRESET" });
  });
});

describe("an authorizer's variables", () => {
  const routes = { protect: ["/**"], respond: ["/api"], filter: ["*.txt"] };

  it("go to responders and filters, in upper case without their prefix", async () => {
    const { url, application } = await openStage({
      scripts: {
        1: allow,
        2: (request) =>
          request.answer(
            "Status: 200\r\nVariable-AUTH_USER: alice\r\nvariable-remote-user: alice\r\nVariable-AUTH_TYPE: Basic\r\nSet-Cookie: x=y\r\n\r\nignored",
          ),
        3: allow,
      },
      files,
      routes,
    });
    const answer = await http(url, "/api/x");
    expect(answer).toMatchObject({ status: 200, body: "" });
    expect(answer.headers["set-cookie"]).toBeUndefined();
    await http(url, "/public/a.txt");
    const expected = { AUTH_USER: "alice", REMOTE_USER: "alice", AUTH_TYPE: "Basic" };
    expect(application.last(1)!.params).toMatchObject(expected);
    expect(application.last(3)!.params).toMatchObject(expected);
    expect(application.last(2)!.params).not.toHaveProperty("AUTH_USER");
  });

  it("keep letters beyond ASCII", async () => {
    const latin = Buffer.from("Status: 200\r\nVariable-CITY: Göttingen\r\n\r\n", "latin1");
    const utf8 = Buffer.from("Status: 200\r\nVariable-CITY: Göttingen\r\n\r\n");
    const { url, application } = await openStage({
      scripts: {
        1: allow,
        2: (request) => request.answer(request.params["QUERY_STRING"] === "utf8" ? utf8 : latin),
      },
      files,
      routes,
    });
    for (const encoding of ["utf8", "latin1"]) {
      await http(url, `/api/x?${encoding}`);
      expect(application.last(1)!.params["CITY"]).toBe("Göttingen");
    }
  });

  it("replace none of the gateway's variables", async () => {
    const names = ["REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING", "SCRIPT_NAME", "PATH_INFO", "CONTENT_LENGTH", "CONTENT_TYPE",
      "REMOTE_ADDR", "SERVER_NAME", "DOCUMENT_ROOT", "SCRIPT_FILENAME", "HTTPS", "HTTP_X_USER", "HTTP_PROXY", "HTTP_COOKIE",
      "FCGI_DATA_LENGTH", "FCGI_ROLE", "GATEWAY_INTERFACE"]; // prettier-ignore
    const { url, application } = await openStage({
      scripts: {
        1: allow,
        2: (request) =>
          request.answer(
            `Status: 200\r\n${names.map((name) => `Variable-${name}: EVIL\r\n`).join("")}Variable-: EVIL\r\n\r\n`,
          ),
        3: allow,
      },
      files,
      routes,
    });
    await http(url, "/api/x");
    await http(url, "/public/a.txt");
    for (const role of [1, 3]) {
      const { params, repeated } = application.last(role)!;
      expect(Object.values(params)).not.toContain("EVIL");
      expect(repeated).toEqual([]);
    }
  });

  it("cannot be set by request headers", async () => {
    const { url, application } = await openStage({
      scripts: { 1: allow, 2: (request) => request.answer("Status: 200\r\nVariable-X-USER: alice\r\n\r\n") },
      files,
      routes,
    });
    await http(url, "/api/x", {
      headers: {
        "Variable-X-User": "mallory",
        "Variable-Auth": "m",
        X_User: "mallory",
        "X-User": "header",
        AUTH_USER: "mallory",
        REMOTE_USER: "mallory",
      },
    });
    const { params } = application.last(1)!;
    expect(params["X_USER"]).toBe("alice");
    expect(params["HTTP_X_USER"]).toBe("header");
    expect(params).not.toHaveProperty("AUTH");
    expect(params).not.toHaveProperty("AUTH_USER");
    expect(params).not.toHaveProperty("REMOTE_USER");
    expect(params).not.toHaveProperty("HTTP_AUTH_USER");
    expect(params).not.toHaveProperty("HTTP_REMOTE_USER");
  });
});
