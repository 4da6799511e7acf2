import { describe, expect, test } from "vitest";

import { Params } from "../../src/protocol/params.js";
import { RequestHeaders } from "../../src/roles/request-headers.js";

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

  test("reads the two fields that CGI hands over without a prefix", () => {
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

  test("joins what came more than once, so that a forged second value matches neither", () => {
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

  test("is not confused by names of a prototype, and knows no variables that are no fields", () => {
    const headers = headersOf(["HTTP___PROTO__", "x"], ["REMOTE_USER", "root"], ["http_lower", "x"]);
    expect(headers.get("constructor")).toBeUndefined();
    expect(Object.getPrototypeOf(headers.toObject())).toBeNull();
    expect(Object.keys(headers.toObject())).toEqual(["--proto--"]);
    expect(headers.get("remote_user")).toBeUndefined();
  });
});
