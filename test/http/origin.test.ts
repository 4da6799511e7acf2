import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Params } from "../../src/protocol/params.js";
import { hostOf, schemeOf } from "../../src/http/origin.js";

type Variables = Record<string, string>;

describe("schemeOf", () => {
  test.each([
    [{ HTTPS: "on" }, "https"],
    [{ HTTPS: "ON" }, "https"],
    [{ HTTPS: "1" }, "https"],
    [{ HTTPS: "https" }, "https"],
    [{ HTTPS: "off" }, "http"],
    [{ HTTPS: "0" }, "http"],
    [{ HTTPS: "no" }, "http"],
    [{ REQUEST_SCHEME: "https" }, "https"],
    [{ REQUEST_SCHEME: "HTTPS" }, "https"],
    [{ REQUEST_SCHEME: "http" }, "http"],
    [{ HTTPS: "", REQUEST_SCHEME: "https" }, "https"],
    [{ HTTPS: "on", REQUEST_SCHEME: "http" }, "https"],
    [{ HTTPS: "off", REQUEST_SCHEME: "https" }, "http"],
    [{}, "http"],
    [{ SERVER_PORT: "443" }, "http"],
    [{ HTTP_HTTPS: "on", HTTP_X_FORWARDED_PROTO: "https", HTTP_FORWARDED: "proto=https" }, "http"],
    [{ REQUEST_URI: "https://host/", SERVER_PROTOCOL: "HTTPS/1.1" }, "http"],
  ] as [Variables, string][])("of %j is %s", (variables, scheme) => {
    expect(schemeOf(Params.from(variables))).toBe(scheme);
  });

  test("of a repeated HTTPS is the last one", () => {
    const twice = [
      ["HTTPS", "off"],
      ["HTTPS", "on"],
    ] as const;
    expect(schemeOf(Params.from(twice))).toBe("https");
  });
});

describe("hostOf", () => {
  test.each([
    [{ HTTP_HOST: "www.example.org:8080" }, "www.example.org:8080"],
    [{ HTTP_HOST: "WWW.Example.ORG" }, "www.example.org"],
    [{ HTTP_HOST: "[2001:DB8::1]:8080" }, "[2001:db8::1]:8080"],
    [{ HTTP_HOST: "192.0.2.1" }, "192.0.2.1"],
    [{ HTTP_HOST: "my_host" }, "my_host"],
    [{ HTTP_HOST: "a", REQUEST_URI: "http://B:1/x" }, "b:1"],
    [{ HTTP_HOST: "a", REQUEST_URI: "/http://b/x" }, "a"],
    [{ HTTP_HOST: "a", REQUEST_URI: "//b/x" }, "a"],
    [{ HTTP_HOST: "a", REQUEST_URI: "http://user@b/x" }, "a"],
    [{ HTTP_HOST: "\u212aelvin.example", SERVER_NAME: "s" }, "s"],
    [{ HTTP_HOST: "", SERVER_NAME: "s" }, "s"],
    [{ SERVER_NAME: "s", SERVER_PORT: "80" }, "s"],
    [{ SERVER_NAME: "s", SERVER_PORT: "8080" }, "s:8080"],
    [{ SERVER_NAME: "s", SERVER_PORT: "443", HTTPS: "on" }, "s"],
    [{ SERVER_NAME: "s", SERVER_PORT: "80", HTTPS: "on" }, "s:80"],
    [{ SERVER_NAME: "s:8080", SERVER_PORT: "80" }, "s:8080"],
    [{ SERVER_NAME: "s:8080", SERVER_PORT: "8080" }, "s:8080"],
    [{ SERVER_NAME: "2001:db8::1", SERVER_PORT: "8080" }, "[2001:db8::1]:8080"],
    [{ SERVER_NAME: "s", SERVER_PORT: "none" }, "s"],
    [{ SERVER_NAME: "_" }, "_"],
    [{ SERVER_NAME: "" }, undefined],
    [{}, undefined],
  ] as [Variables, string | undefined][])("of %j is %s", (variables, host) => {
    expect(hostOf(Params.from(variables))).toBe(host);
  });

  const spaced = '"><script> a/b a?b a#b user@host host: host:65536 1.2.3.999 [::1 [1:2] ä a,b :80 \\\\host';
  test.each([...spaced.split(" "), "a b", "a\r\nb", "a\0"])("is not %j, which is not a host", (text) => {
    expect(hostOf(Params.from({ HTTP_HOST: text }))).toBeUndefined();
    expect(hostOf(Params.from({ HTTP_HOST: text, SERVER_NAME: "s" }))).toBe("s");
  });

  test("is undefined if two differ", () => {
    const twice = [
      ["HTTP_HOST", "a"],
      ["HTTP_HOST", "b"],
      ["SERVER_NAME", "s"],
    ] as const;
    expect(hostOf(Params.from(twice))).toBe("s");
  });

  test("is always the host of a URL, for any input from the client", () => {
    const text = fc.oneof(
      fc.string(),
      fc.webAuthority({ withIPv6: true, withPort: true, withUserInfo: true }),
    );
    fc.assert(
      fc.property(text, text, fc.string(), (field, name, port) => {
        const host = hostOf(Params.from({ HTTP_HOST: field, SERVER_NAME: name, SERVER_PORT: port }));
        if (host === undefined) return;
        const url = new URL(`http://${host}/x`);
        expect([url.username, url.password, url.pathname, url.search, url.hash]).toEqual([
          "",
          "",
          "/x",
          "",
          "",
        ]);
      }),
    );
  });
});
