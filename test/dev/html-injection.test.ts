import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";

import { withReload } from "../../src/dev/html-injection.js";
import { HtmlStream } from "../../src/dev/html-stream.js";
import { RELOAD_SCRIPT } from "../../src/dev/page-reload.js";
import type { ApplicationResponse } from "../../src/gateway/response.js";

const PAGE = "<!doctype html><title>Books</title>";

function requestOf(
  headers: Readonly<Record<string, string>> = { "sec-fetch-dest": "document", accept: "text/html" },
  method = "GET",
): IncomingMessage {
  return { method, headers } as unknown as IncomingMessage;
}

function responseOf(
  headers: Readonly<Record<string, string>>,
  { body = Buffer.from(PAGE), status = 200 } = {},
): ApplicationResponse {
  return {
    status,
    statusText: "",
    headers: Object.entries({ "Content-Type": "text/html; charset=utf-8", ...headers }),
    body: (async function* () {
      for (let at = 0; at < body.length; at += 10) yield body.subarray(at, at + 10);
    })(),
  };
}

async function textOf({ body }: ApplicationResponse): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe("withReload", () => {
  test("adds its script to the end of a page, and to the length", async () => {
    const page = withReload(requestOf(), responseOf({ "Content-Length": String(PAGE.length), ETag: '"1"' }));
    expect(await textOf(page)).toBe(PAGE + RELOAD_SCRIPT);
    expect(Object.fromEntries(page.headers)).toEqual({
      "Content-Type": "text/html; charset=utf-8",
      "Content-Length": String(PAGE.length + RELOAD_SCRIPT.length),
      ETag: '"1"',
    });
  });

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ] as const)("decodes a page with %s first", async (coding, encode) => {
    const body = encode(PAGE);
    const page = withReload(
      requestOf(),
      responseOf({ "Content-Encoding": coding, "Content-Length": String(body.length), Vary: "A" }, { body }),
    );
    expect(await textOf(page)).toBe(PAGE + RELOAD_SCRIPT);
    expect(Object.keys(Object.fromEntries(page.headers))).toEqual(["Content-Type", "Vary"]);
  });

  test("fails with a page whose coding is broken off", async () => {
    const body = gzipSync(PAGE).subarray(0, 20);
    const page = withReload(requestOf(), responseOf({ "Content-Encoding": "gzip" }, { body }));
    await expect(textOf(page)).rejects.toThrow("unexpected end of file");
  });

  test("answers HEAD with the length of GET", () => {
    const page = withReload(requestOf(undefined, "HEAD"), responseOf({ "Content-Length": "35" }));
    expect(Object.fromEntries(page.headers)).toMatchObject({
      "Content-Length": String(35 + RELOAD_SCRIPT.length),
    });
  });

  test("replaces its script by spaces if the page has a policy of its own", async () => {
    const own = `<meta http-equiv="Content-Security-Policy" content="script-src 'none'">`;
    const page = withReload(requestOf(), responseOf({}, { body: Buffer.from(own) }));
    expect(await textOf(page)).toBe(own + " ".repeat(RELOAD_SCRIPT.length));
  });

  test("a page can be ended before its source", async () => {
    const page = withReload(requestOf(), {
      ...responseOf({}),
      body: (async function* () {
        yield Buffer.from("begin ");
        await new Promise(() => {});
      })(),
    });
    const pieces: string[] = [];
    for await (const piece of page.body) {
      pieces.push(Buffer.from(piece).toString());
      if (page.body instanceof HtmlStream) page.body.end();
    }
    expect(pieces.join("")).toMatch(
      /^begin <script src="\/__tricorn\/reload\.js\?at-once" defer><\/script>$/,
    );
  });

  test.each<[string, IncomingMessage, ApplicationResponse]>([
    ["a client that shows no pages", requestOf({ accept: "*/*" }), responseOf({})],
    [
      "a fetch of a part of a page",
      requestOf({ accept: "text/html", "sec-fetch-dest": "empty" }),
      responseOf({}),
    ],
    ["a form that was sent", requestOf(undefined, "POST"), responseOf({})],
    ["a part of a page", requestOf(), responseOf({ "Content-Range": "bytes 0-9/35" }, { status: 206 })],
    ["a page that has not changed", requestOf(), responseOf({}, { status: 304 })],
    ["a redirect", requestOf(), responseOf({}, { status: 302 })],
    ["another type", requestOf(), responseOf({ "Content-Type": "text/plain" })],
    ["UTF-16", requestOf(), responseOf({ "Content-Type": "text/html; charset=utf-16le" })],
    ["an unknown coding", requestOf(), responseOf({ "Content-Encoding": "zstd" })],
    ["a download", requestOf(), responseOf({ "Content-Disposition": "attachment" })],
    ["a digest", requestOf(), responseOf({ "Content-Digest": "sha-256=:x:" })],
    [
      "a policy without scripts",
      requestOf(),
      responseOf({ "Content-Security-Policy": "default-src 'none'" }),
    ],
    [
      "a policy that would report it",
      requestOf(),
      responseOf({ "Content-Security-Policy-Report-Only": "script-src 'nonce-1' 'strict-dynamic' 'self'" }),
    ],
    ["a sandbox", requestOf(), responseOf({ "Content-Security-Policy": "sandbox allow-forms" })],
    [
      "a policy without connections",
      requestOf(),
      responseOf({ "Content-Security-Policy": "script-src 'self'; connect-src https://example.com" }),
    ],
  ])("leaves %s as it is", (_, request, response) => {
    expect(withReload(request, response)).toBe(response);
  });

  test("adds its script under a policy that allows scripts of the same origin", async () => {
    const page = withReload(requestOf(), responseOf({ "Content-Security-Policy": "default-src 'self'" }));
    expect(await textOf(page)).toContain(RELOAD_SCRIPT);
  });
});
