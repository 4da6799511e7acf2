import { describe, expect, it } from "vitest";

import { http } from "./support/http.js";
import { exchanged } from "./support/raw-http.js";
import type { Script } from "./support/scripted-application.js";
import { openStage } from "./support/stage.js";

const allow: Script = (request) => request.answer("Status: 200\r\n\r\n");
const roles = { 1: allow, 2: allow, 3: allow };

describe("the variables of a responder", () => {
  it("are those of CGI/1.1", async () => {
    const { url, application, root } = await openStage({ scripts: roles, routes: { respond: ["/api"] } });
    await http(url, "/api/a%20b?x=1&y=%2F", { headers: { "X-One": "1", Cookie: "a=b" } });
    const port = new URL(url).port;
    const { params, repeated, role } = application.last(1)!;
    expect(role).toBe(1);
    expect(repeated).toEqual([]);
    const { REMOTE_PORT, HTTP_CONNECTION, ...others } = params;
    expect(Number(REMOTE_PORT)).toBeGreaterThan(0);
    expect(HTTP_CONNECTION).toBeUndefined();
    expect(others).toEqual({
      GATEWAY_INTERFACE: "CGI/1.1",
      SERVER_SOFTWARE: "Tricorn",
      SERVER_PROTOCOL: "HTTP/1.1",
      SERVER_NAME: "127.0.0.1",
      SERVER_PORT: port,
      SERVER_ADDR: "127.0.0.1",
      REMOTE_ADDR: "127.0.0.1",
      REQUEST_METHOD: "GET",
      REQUEST_SCHEME: "http",
      REQUEST_URI: "/api/a%20b?x=1&y=%2F",
      QUERY_STRING: "x=1&y=%2F",
      DOCUMENT_ROOT: root,
      DOCUMENT_URI: "/api/a b",
      SCRIPT_NAME: "",
      PATH_INFO: "/api/a b",
      PATH_TRANSLATED: `${root}/api/a b`,
      HTTP_HOST: `127.0.0.1:${port}`,
      HTTP_X_ONE: "1",
      HTTP_COOKIE: "a=b",
    });
  });

  it("have CONTENT_LENGTH and CONTENT_TYPE of the body, and mark a chunked one", async () => {
    const { url, application } = await openStage({ scripts: roles, routes: { respond: ["/"] } });
    await http(url, "/", {
      method: "POST",
      headers: { "Content-Type": "text/x", "Content-Length": 3 },
      body: "abc",
    });
    await application.last(1)!.complete;
    expect(application.last(1)).toMatchObject({
      params: { CONTENT_LENGTH: "3", CONTENT_TYPE: "text/x" },
      stdinLength: 3,
    });
    expect(application.last(1)!.params).not.toHaveProperty("HTTP_CONTENT_LENGTH");
    expect(application.last(1)!.params).not.toHaveProperty("HTTP_CONTENT_TYPE");
    await http(url, "/", { method: "POST", headers: { "Transfer-Encoding": "chunked" }, body: "abc" });
    const { params, complete } = application.last(1)!;
    await complete;
    expect(application.last(1)!.stdin.toString()).toBe("abc");
    expect(params).not.toHaveProperty("CONTENT_LENGTH");
    expect(params).toHaveProperty("HTTP_TRANSFER_ENCODING", "chunked");
  });

  it.each(["GET", "HEAD", "DELETE", "POST"])("describe no body for a %s without one", async (method) => {
    const { url, application } = await openStage({ scripts: roles, routes: { respond: ["/"] } });
    await exchanged(url, `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const { params } = application.last(1)!;
    expect(params).toHaveProperty("REQUEST_METHOD", method);
    expect(params).not.toHaveProperty("CONTENT_LENGTH");
    expect(params).not.toHaveProperty("HTTP_TRANSFER_ENCODING");
  });

  it("describe no body to an authorizer, which does not receive it", async () => {
    const { url, application } = await openStage({
      scripts: roles,
      routes: { respond: ["/"], protect: ["/**"] },
    });
    await http(url, "/", { method: "POST", headers: { "Transfer-Encoding": "chunked" }, body: "abc" });
    expect(application.last(2)!.params).not.toHaveProperty("HTTP_TRANSFER_ENCODING");
    expect(application.last(1)!.params).toHaveProperty("HTTP_TRANSFER_ENCODING", "chunked");
  });

  it.each(["gzip, chunked", "chunked, chunked", "identity"])(
    "are not sent for a body in the coding %j, which the gateway refuses",
    async (coding) => {
      const { url, application } = await openStage({ scripts: roles, routes: { respond: ["/"] } });
      const answer = await exchanged(
        url,
        `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: ${coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 (?:400|501) /);
      expect(application.requests).toEqual([]);
    },
  );

  it("omit Proxy, underscores, hop-by-hop fields and what Connection lists", async () => {
    const { url, application } = await openStage({ scripts: roles, routes: { respond: ["/"] } });
    await http(url, "/", {
      headers: {
        Proxy: "http://evil", PROXY: "http://evil", X_Real: "1", "X.Dot": "1",
        Connection: "close, X-Listed, content-type", "X-Listed": "1", "Keep-Alive": "1", TE: "trailers",
        "Proxy-Authorization": "Basic x", "Content-Type": "a/b", "X-Kept": "1", Upgrade: "x",
      }, // prettier-ignore
    });
    const { params } = application.last(1)!;
    const headers = Object.keys(params).filter((name) => name.startsWith("HTTP_"));
    expect(headers.sort()).toEqual(["HTTP_HOST", "HTTP_X_KEPT"]);
    expect(params["CONTENT_TYPE"]).toBe("a/b");
  });

  it("join repeated fields and preserve bytes", async () => {
    const { url, application } = await openStage({ scripts: roles, routes: { respond: ["/"] } });
    const latin = Buffer.from("é", "utf8").toString("latin1");
    await http(url, "/", {
      headers: [
        "Host",
        "a.example:8",
        "X-A",
        "1",
        "x-a",
        "2",
        "Cookie",
        "a=1",
        "Cookie",
        "b=2",
        "X-Utf",
        latin,
        "X-Latin",
        "\u00e9",
      ],
    });
    expect(application.last(1)!.params).toMatchObject({
      SERVER_NAME: "a.example",
      HTTP_HOST: "a.example:8",
      HTTP_X_A: "1, 2",
      HTTP_COOKIE: "a=1; b=2",
      HTTP_X_UTF: "é",
      HTTP_X_LATIN: "é",
    });
  });

  it("use the host of an absolute target", async () => {
    const { url, application } = await openStage({ scripts: roles, routes: { respond: ["/"] } });
    await http(url, "http://real.example:99/x?y", { headers: { Host: "other.example" } });
    expect(application.last(1)!.params).toMatchObject({
      SERVER_NAME: "real.example",
      HTTP_HOST: "real.example:99",
      REQUEST_URI: "/x?y",
      PATH_INFO: "/x",
    });
  });

  it("separate the mount as SCRIPT_NAME", async () => {
    const { url, application } = await openStage({
      scripts: roles,
      routes: { respond: ["/"] },
      gateway: { mount: "/app/" },
    });
    const seen: unknown[] = [];
    for (const path of ["/app/x/y", "/app", "/app/", "/apple"]) {
      await http(url, path);
      const { SCRIPT_NAME, PATH_INFO, REQUEST_URI, PATH_TRANSLATED } = application.last(1)!.params;
      seen.push([SCRIPT_NAME, PATH_INFO, REQUEST_URI, PATH_TRANSLATED !== undefined]);
    }
    expect(seen).toEqual([
      ["/app", "/x/y", "/app/x/y", true],
      ["/app", "", "/app", false],
      ["/app", "/", "/app/", true],
      ["", "/apple", "/apple", true],
    ]);
  });
});

describe("the variables of an authorizer", () => {
  it("are the same without CONTENT_LENGTH, PATH_INFO, PATH_TRANSLATED and SCRIPT_NAME", async () => {
    const { url, application } = await openStage({
      scripts: roles,
      routes: { protect: ["/**"], respond: ["/"] },
    });
    await http(url, "/x?y", {
      method: "POST",
      headers: { Authorization: "Bearer t", "Content-Type": "a/b" },
      body: "abc",
    });
    const { CONTENT_LENGTH, PATH_INFO, PATH_TRANSLATED, SCRIPT_NAME, ...common } =
      application.last(1)!.params;
    expect([CONTENT_LENGTH, PATH_INFO, SCRIPT_NAME]).toEqual(["3", "/x", ""]);
    expect(PATH_TRANSLATED).toBeDefined();
    expect(application.last(2)!.params).toEqual(common);
    expect(common).toMatchObject({
      HTTP_AUTHORIZATION: "Bearer t",
      CONTENT_TYPE: "a/b",
      REQUEST_METHOD: "POST",
    });
  });
});
