import { inspect } from "node:util";
import { describe, expect, test } from "vitest";

import { Params } from "../../src/protocol/params.js";
import { oneLine, redact } from "../../src/log/redact.js";

const basic = Buffer.from("alice:correct horse").toString("base64");

describe("redact", () => {
  test.each([
    ["a bearer token", { HTTP_AUTHORIZATION: "Bearer abcd1234" }, "token abcd1234!", "token [redacted]!"],
    ["the whole field", { HTTP_AUTHORIZATION: "Bearer abcd1234" }, "got Bearer abcd1234", "got [redacted]"],
    ["basic credentials", { HTTP_AUTHORIZATION: `Basic ${basic}` }, `x ${basic} y`, "x [redacted] y"],
    ["decoded credentials", { HTTP_AUTHORIZATION: `basic ${basic}` }, "alice:correct horse", "[redacted]"],
    ["the password alone", { HTTP_AUTHORIZATION: `Basic ${basic}` }, "pw=correct horse", "pw=[redacted]"],
    ["proxy credentials", { HTTP_PROXY_AUTHORIZATION: "Bearer abcd1234" }, "abcd1234", "[redacted]"],
    ["cookies", { HTTP_COOKIE: "sid=s3cr3t; theme=dark" }, "session s3cr3t", "session [redacted]"],
    ["REMOTE_PASSWD", { REMOTE_PASSWD: "hunter22" }, "hunter22 hunter22", "[redacted] [redacted]"],
    ["Jetty's AUTH_TYPE", { AUTH_TYPE: "Bearer abcd1234" }, "abcd1234", "[redacted]"],
  ])("redacts %s", (_what, variables, text, expected) => {
    expect(redact(text, Params.from(variables as Record<string, string>))).toBe(expected);
  });

  test("leaves ordinary text", () => {
    const params = Params.from({ AUTH_TYPE: "Basic", HTTP_COOKIE: "a=", HTTP_HOST: "localhost" });
    expect(redact("Basic a localhost", params)).toBe("Basic a localhost");
    expect(redact("text", Params.from({}))).toBe("text");
  });

  const password = 'a"b c+d/é';
  const encoded = Buffer.from(`ada:${password}`).toString("base64");
  test.each([
    ["as it was decoded", { HTTP_COOKIE: "sid=s%33cr%2Bet" }, "got s3cr+et", "got [redacted]"],
    ["as it came", { HTTP_COOKIE: "sid=s%33cr%2Bet" }, "got s%33cr%2Bet", "got [redacted]"],
    [
      "encoded, where it came decoded",
      { HTTP_COOKIE: "sid=a b+cd" },
      "/?s=a%20b%2Bcd a+b%2Bcd",
      "/?s=[redacted] [redacted]",
    ],
    ["in quotes", { HTTP_COOKIE: 'sid="abcdef"' }, "got abcdef", "got [redacted]"],
    ["of a name without a value", { HTTP_COOKIE: "abcdef; x" }, "got abcdef", "got [redacted]"],
    ["of an invalid percent sign", { HTTP_COOKIE: "sid=abc%zz" }, "got abc%zz", "got [redacted]"],
    [
      "of two characters, as a word",
      { HTTP_COOKIE: "pin=42; b=x7" },
      "no book 42, 142 or x7",
      "no book [redacted], 142 or [redacted]",
    ],
    ["of two characters, as a value", { HTTP_COOKIE: "pin=42" }, "pin=42", "[redacted]"],
    ["of three characters", { HTTP_COOKIE: "sid=abc" }, 'abc "abc" abcd', '[redacted] "[redacted]" abcd'],
    [
      "of one character, as a value",
      { HTTP_COOKIE: "x=; pin=1" },
      'book 1 pin: 1, "1", p=1; p=12',
      'book 1 pin: [redacted], "[redacted]", p=[redacted]; p=12',
    ],
    [
      "not in a frame of a stack",
      { HTTP_COOKIE: "a=12" },
      "Error: 12\n    at f (a.ts:12:12)",
      "Error: [redacted]\n    at f (a.ts:12:12)",
    ],
    [
      "of a short password",
      { HTTP_AUTHORIZATION: `Basic ${Buffer.from("ada:pw").toString("base64")}` },
      "ada pw",
      "ada [redacted]",
    ],
    [
      "of a password in JSON",
      { HTTP_AUTHORIZATION: `Basic ${encoded}` },
      JSON.stringify({ password }),
      '{"password":"[redacted]"}',
    ],
    [
      "of a password in a URL",
      { HTTP_AUTHORIZATION: `Basic ${encoded}` },
      encodeURIComponent(password),
      "[redacted]",
    ],
    [
      "of a password as bytes",
      { HTTP_AUTHORIZATION: `Basic ${encoded}` },
      Buffer.from(password).toString("latin1"),
      "[redacted]",
    ],
    [
      "behind an internal redirect",
      { REDIRECT_HTTP_AUTHORIZATION: "Bearer abcd1234" },
      "abcd1234",
      "[redacted]",
    ],
    [
      "of basic credentials without their padding",
      { HTTP_AUTHORIZATION: `Basic ${Buffer.from("ada:pw").toString("base64")}` },
      Buffer.from("ada:pw").toString("base64url"),
      "[redacted]",
    ],
    ["in front of a host", { REQUEST_URI: "http://ada:hunter22@h/a" }, "got hunter22", "got [redacted]"],
    ["that overlaps another", { HTTP_COOKIE: "a=abcdef; b=defghi" }, "abcdefghi", "[redacted]"],
    ["that is a part of the mark", { HTTP_COOKIE: "a=abcdef; b=redacted" }, "abcdef", "[redacted]"],
  ])("redacts a secret %s", (_what, variables, text, expected) => {
    expect(redact(text, Params.from(variables as Record<string, string>))).toBe(expected);
  });

  const odd = `p!w(x)~'a b/"c\\é;&<`;
  test.each([
    ["a form", new URLSearchParams({ q: odd }).toString().slice(2)],
    ["a query", new URL(`http://h/?${odd}`).search.slice(1)],
    ["a URI", encodeURI(odd)],
    ["an object that is shown", inspect(odd).slice(1, -1)],
    ["HTML", "p!w(x)~&#39;a b/&quot;c\\é;&amp;&lt;"],
  ])("redacts a secret written in %s", (_where, text) => {
    const params = Params.from({ HTTP_COOKIE: `sid=${encodeURIComponent(odd)}` });
    expect(redact(`a ${text} b`, params)).toBe("a [redacted] b");
  });

  test.each([
    ["a param", ["HTTP_X_API_KEY"], "key1 key2", "[redacted] key2"],
    ["a header field by its own name", ["X-Api-Key"], "key1 key2", "[redacted] key2"],
    ["a member of the query", ["token"], "to%6ben1 token1 other", "[redacted] [redacted] other"],
    ["the query", ["QUERY_STRING"], "token1 other1", "[redacted] [redacted]"],
    ["the target", ["REQUEST_URI"], "token1 other1", "[redacted] [redacted]"],
  ])("redacts %s that was declared", (_what, declared, text, expected) => {
    const params = Params.from({
      HTTP_X_API_KEY: "key1",
      REQUEST_URI: "/a?token=to%6ben1&b=other1",
      QUERY_STRING: "token=to%6ben1&b=other1",
    });
    expect(redact(text, params, declared)).toBe(expected);
  });

  test("shows nothing if a request has too many secrets to search for", () => {
    const cookies = Array.from({ length: 1_000 }, (_, index) => `a${index}=value-${index}`).join("; ");
    expect(redact("value-999", Params.from({ HTTP_COOKIE: cookies }))).toBe("[redacted]");
  });

  test("shows the beginning of a long text, without a partial secret", () => {
    const params = Params.from({ REMOTE_PASSWD: "p".repeat(1_000) });
    const text = `${"x".repeat(16 * 1024 - 10)}${"p".repeat(1_000)}${"y".repeat(100_000)}`;
    expect(redact(text, params)).toBe(`${"x".repeat(16 * 1024 - 10)}[redacted]…`);
  });

  test("redacts every value of a repeated field, the longest first", () => {
    const params = Params.from([
      ["HTTP_AUTHORIZATION", "Bearer first-token"],
      ["HTTP_AUTHORIZATION", "Bearer first-token-and-more"],
    ]);
    expect(redact("first-token-and-more first-token", params)).toBe("[redacted] [redacted]");
  });

  test("treats replacement patterns in a secret as text", () => {
    expect(redact("a$&b c", Params.from({ REMOTE_PASSWD: "a$&b" }))).toBe("[redacted] c");
  });
});

describe("oneLine", () => {
  test("cannot forge a log line", () => {
    expect(oneLine(" a\r\nb\0c\x1b[31m\u2028d\u0085e\n")).toBe("a b c [31m d e");
  });

  test("is bounded", () => {
    expect(oneLine("x".repeat(10_000))).toHaveLength(500);
  });
});
