import { describe, expect, test } from "vitest";

import { Params } from "../../src/protocol/params.js";
import { RequestHeaders } from "../../src/http/request-headers.js";
import { pairs } from "../support/records.js";

const headersOf = (...variables: readonly (readonly [string, string])[]) =>
  new RequestHeaders(Params.from(variables));

describe("RequestHeaders", () => {
  test("finds a field by its name in any case", () => {
    const headers = headersOf(["HTTP_X_REQUEST_ID", "7"], ["HTTP_ACCEPT", ""]);
    for (const name of ["x-request-id", "X-Request-Id", "X_REQUEST_ID"]) expect(headers.get(name)).toBe("7");
    expect(headers.get("accept")).toBe("");
    expect(headers.has("accept")).toBe(true);
    expect(headers.get("host")).toBeUndefined();
    expect(headers.has("host")).toBe(false);
  });

  test("reads the two fields that CGI passes without a prefix", () => {
    const headers = headersOf(
      ["CONTENT_TYPE", "text/plain"],
      ["HTTP_CONTENT_TYPE", "text/html"],
      ["CONTENT_LENGTH", "5"],
      ["HTTP_CONTENT_LENGTH", "6"],
    );
    expect(headers.get("Content-Type")).toBe("text/plain");
    expect(headers.get("Content-Length")).toBe("5");
    expect([...headers]).toEqual([
      ["content-type", "text/plain"],
      ["content-length", "5"],
    ]);
  });

  test.each([
    ["empty, as nginx, Caddy and Jetty send them", "", ""],
    ["of -1, as Caddy sends it", "", "-1"],
  ])("those two are absent if they are %s", (_, type, length) => {
    const headers = headersOf(
      ["CONTENT_TYPE", type],
      ["CONTENT_LENGTH", length],
      ["HTTP_CONTENT_TYPE", "text/html"],
      ["HTTP_CONTENT_LENGTH", "6"],
    );
    expect([headers.get("content-type"), headers.get("content-length")]).toEqual([undefined, undefined]);
    expect([headers.has("content-type"), headers.has("content-length")]).toEqual([false, false]);
    expect([...headers]).toEqual([]);
  });

  test("a chunked upload has no framing fields, because its chunks are decoded", () => {
    const headers = headersOf(["CONTENT_LENGTH", "5"], ["HTTP_TRANSFER_ENCODING", "chunked"]);
    expect([headers.get("content-length"), headers.get("transfer-encoding")]).toEqual([undefined, undefined]);
    expect([...headers]).toEqual([]);
  });

  test("Authorization is decoded from Jetty's AUTH_TYPE", () => {
    const headers = headersOf(["AUTH_TYPE", "Basic YWRhOmxvdmVsYWNl"], ["HTTP_ACCEPT", "*/*"]);
    expect(headers.get("Authorization")).toBe("Basic YWRhOmxvdmVsYWNl");
    expect(headers.has("authorization")).toBe(true);
    expect(headers.toObject()).toEqual({ authorization: "Basic YWRhOmxvdmVsYWNl", accept: "*/*" });
  });

  test.each([
    ["behind Apache", "Apache/2.4.71", "REDIRECT_HTTP_AUTHORIZATION", "Bearer abc", "Bearer abc"],
    ["of two redirects", "Apache/2.4.71", "REDIRECT_REDIRECT_HTTP_AUTHORIZATION", "Bearer abc", "Bearer abc"],
    ["and none where it is empty", "Apache/2.4.71", "REDIRECT_HTTP_AUTHORIZATION", "", undefined],
    ["and none of three", "Apache", "REDIRECT_REDIRECT_REDIRECT_HTTP_AUTHORIZATION", "Bearer abc", undefined],
    ["and none behind others", "nginx/1.22.1", "REDIRECT_HTTP_AUTHORIZATION", "Bearer abc", undefined],
    ["and none of a client", "Apache/2.4.71", "HTTP_REDIRECT_HTTP_AUTHORIZATION", "Bearer abc", undefined],
  ])("Authorization is that of a request that was redirected, %s", (_what, software, name, value, field) => {
    const headers = headersOf(["SERVER_SOFTWARE", software], [name, value]);
    expect(headers.get("authorization")).toBe(field);
    expect(headers.toObject()["authorization"]).toBe(field);
    const both = headersOf(["SERVER_SOFTWARE", software], [name, value], ["HTTP_AUTHORIZATION", "Basic x"]);
    expect(both.toObject()["authorization"]).toBe("Basic x");
  });

  test.each(["Basic", "Bearer", "", "basic-or-not"])(
    "Authorization is not the scheme that other servers send in AUTH_TYPE: %j",
    (scheme) => {
      const headers = headersOf(["AUTH_TYPE", scheme]);
      expect(headers.get("authorization")).toBeUndefined();
      expect(headers.has("authorization")).toBe(false);
      expect([...headers]).toEqual([]);
    },
  );

  test("Authorization is the field if both are present", () => {
    const headers = headersOf(["AUTH_TYPE", "Basic forged"], ["HTTP_AUTHORIZATION", "Bearer abc"]);
    expect(headers.get("authorization")).toBe("Bearer abc");
    expect([...headers]).toEqual([["authorization", "Bearer abc"]]);
  });

  test.each([
    ["UTF-8", "c3a4", "ä"],
    ["latin-1", "e4", "ä"],
    ["UTF-8 beyond latin-1", "e282ac", "€"],
  ])("a value in %s is the same behind Jetty, which re-encodes its bytes", (_, bytes, text) => {
    const sent = Buffer.from(bytes, "hex");
    const byJetty = Buffer.from(sent.toString("latin1"), "utf8");
    const read = (server: string, value: Buffer): string | undefined =>
      new RequestHeaders(
        new Params(pairs([["SERVER_SOFTWARE", server] as const, ["HTTP_X_NAME", value] as const])),
      ).get("x-name");
    expect(read("nginx/1.22.1", sent)).toBe(text);
    expect(read("Jetty/9.4.57", byJetty)).toBe(text);
    // Behind another server such a value is the client's own.
    expect(read("nginx/1.22.1", byJetty)).toBe(byJetty.toString());
  });

  test("joins repeated fields, so that a forged second value matches neither", () => {
    const headers = headersOf(
      ["HTTP_X_USER", "alice"],
      ["HTTP_COOKIE", "a=1"],
      ["HTTP_X_USER", "root"],
      ["HTTP_COOKIE", "b=2"],
    );
    expect(headers.get("x-user")).toBe("alice, root");
    expect(headers.get("cookie")).toBe("a=1; b=2");
    expect([...headers]).toEqual([
      ["x-user", "alice, root"],
      ["cookie", "a=1; b=2"],
    ]);
  });

  test("has no Proxy field (CVE-2016-5385)", () => {
    const headers = headersOf(
      ["HTTP_PROXY", "http://evil"],
      ["HTTP_HOST", "here"],
      ["HTTP_PROXY", "http://evil"],
    );
    expect(headers.get("proxy")).toBeUndefined();
    expect(headers.has("proxy")).toBe(false);
    expect(headers.toObject()).toEqual({ host: "here" });
  });

  test("has no fields for names of a prototype, or for variables that are not fields", () => {
    const headers = headersOf(["HTTP___PROTO__", "x"], ["REMOTE_USER", "root"], ["http_lower", "x"]);
    expect(headers.get("constructor")).toBeUndefined();
    expect(Object.getPrototypeOf(headers.toObject())).toBeNull();
    expect(Object.keys(headers.toObject())).toEqual(["--proto--"]);
    expect(headers.get("remote_user")).toBeUndefined();
  });
});
