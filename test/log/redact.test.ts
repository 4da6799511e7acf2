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
  ])("takes out %s", (_what, variables, text, expected) => {
    expect(redact(text, Params.from(variables as Record<string, string>))).toBe(expected);
  });

  test("leaves what is no secret, and what is too short to be told from other text", () => {
    const params = Params.from({ AUTH_TYPE: "Basic", HTTP_COOKIE: "a=1", HTTP_HOST: "localhost" });
    expect(redact("Basic 1 localhost", params)).toBe("Basic 1 localhost");
    expect(redact("text", Params.from({}))).toBe("text");
  });

  test("takes out every value of a repeated field, the longest first", () => {
    const params = Params.from([
      ["HTTP_AUTHORIZATION", "Bearer first-token"],
      ["HTTP_AUTHORIZATION", "Bearer first-token-and-more"],
    ]);
    expect(redact("first-token-and-more first-token", params)).toBe("[redacted] [redacted]");
  });

  test("does not take replacement patterns in a secret for such", () => {
    expect(redact("a$&b c", Params.from({ REMOTE_PASSWD: "a$&b" }))).toBe("[redacted] c");
  });
});

describe("oneLine", () => {
  test("cannot forge a line of a log", () => {
    expect(oneLine(" a\r\nb\0c\x1b[31m\u2028d\u0085e\n")).toBe("a b c [31m d e");
  });

  test("is bounded", () => {
    expect(oneLine("x".repeat(10_000))).toHaveLength(500);
  });
});
