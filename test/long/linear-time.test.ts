// CVE-2024-45296 and many before it: a text that a peer chose was read in a time that grew with the square of its length.
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { fetchHandler } from "../../src/adapters/fetch-handler.js";
import { nodeListener } from "../../src/adapters/node-listener.js";
import { compileSource } from "../../src/decorators/extract.js";
import { loadZod } from "../../src/decorators/schema.js";
import { parseRequestPath } from "../../src/gateway/request-path.js";
import { RouteTable } from "../../src/gateway/route-table.js";
import { variablesOf } from "../../src/gateway/variables.js";
import { endToEnd } from "../../src/http/hop-by-hop.js";
import { parseHttpDate } from "../../src/http/http-date.js";
import { isNotModified } from "../../src/http/preconditions.js";
import { parseByteRange } from "../../src/http/byte-range.js";
import { questionParams, requestNames } from "../../src/bridges/authorizer/authorizer-params.js";
import { CgiResponseParser } from "../../src/protocol/cgi-response.js";
import { answerManagement } from "../../src/protocol/management.js";
import { Params } from "../../src/protocol/params.js";
import { parseBasic } from "../../src/http/credentials.js";
import { formatHead } from "../../src/http/head.js";
import { ReplyHeaders } from "../../src/http/header-fields.js";
import { lines } from "../../src/body/lines.js";
import { oneLine } from "../../src/log/redact.js";
import { remoteAddressOf } from "../../src/http/remote-address.js";
import { RequestHeaders } from "../../src/http/request-headers.js";
import type { ResponderRequest } from "../../src/roles/responder-request.js";
import { allow, redirect } from "../../src/roles/verdict.js";
import { formType, openBody, wholeBody } from "../body/body-input.js";
import { growth } from "../support/cpu.js";
import { authorize, begin, get, pairs, params, record, stdin, Type } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";
import type { WebServerPeer } from "../support/web-server-peer.js";

/** The longest value of a param, and the largest body that is collected; bytes. */
const VALUE = 120 * 1024;
const BODY = 1024 * 1024;
/** The most params of a request. */
const COUNT = 960;
const LIMIT = 120_000;

type Row = readonly [what: string, limit: number, run: (length: number) => unknown];

async function ignored(promise: Promise<unknown>): Promise<void> {
  await promise.catch(() => {});
}

async function* inPieces(text: string, size: number) {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
}

async function drain(pieces: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of pieces);
}

/** Reads a form whose bytes come in pieces of a size. */
async function readForm(text: string, size: number): Promise<void> {
  const { body, push } = openBody([], { contentType: formType });
  const read = ignored(
    (async () => {
      for await (const part of body.multipart({ parts: Infinity })) await part.bytes();
    })(),
  );
  for (let at = 0; at < text.length; at += size) {
    push(text.slice(at, at + size));
    await Promise.resolve();
  }
  push().close();
  await read;
}

const part = (name: string, content: string) =>
  `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;

/** So many header fields, all of one length. */
const manyFields = (count: number) =>
  Array.from({ length: count }, (_, index): [string, string] => [`HTTP_X_${1_000_000 + index}`, "v"]);

const cookies = (length: number) =>
  Array.from({ length: length / 10 }, (_, index) => `${index}=${index + 1_000}`).join("; ");

const parser = (head: string, size: number) => {
  const reader = new CgiResponseParser({ bytes: Infinity, count: Infinity });
  for (let at = 0; at < head.length; at += size) reader.push(Buffer.from(head.slice(at, at + size)));
};

const routes = new RouteTable({ protect: ["/private/**"], filter: ["*.txt"], respond: ["/app"] });

const rows: readonly Row[] = [
  ...[" ", "\t", ";", '"', '\\"', "=", "a=", ";a=b", ',"'].flatMap((text): Row[] => [
    [
      `${JSON.stringify(text)} in a Content-Type, read for its charset`,
      VALUE,
      (n) => wholeBody("a", { contentType: `text/plain;${text.repeat(n / text.length)}x` }).text(),
    ],
    [
      `${JSON.stringify(text)} in a Content-Type, read for its boundary`,
      VALUE,
      (n) =>
        ignored(
          drain(wholeBody("", { contentType: `a/b; boundary="${text.repeat(n / text.length)}` }).multipart()),
        ),
    ],
  ]),
  [
    "a charset of any length",
    VALUE,
    (n) => ignored(wholeBody("a", { contentType: `a/b; charset=${"x".repeat(n)}` }).text()),
  ],
  ["blanks in a header value", BODY, (n) => new ReplyHeaders({ Location: `/a${" ".repeat(n)}b ` })],
  ["blanks in a redirect", BODY, (n) => redirect(`/a${" \t".repeat(n / 2)}b `)],
  ["blanks in a variable", BODY, (n) => allow({ AUTH_USER: `a${" ".repeat(n)}b ` })],
  ["text beyond ASCII in a header value", BODY, (n) => new ReplyHeaders({ A: "é ".repeat(n / 2) })],
  [
    "header fields that are copied",
    8_000,
    (n) => new ReplyHeaders(Object.fromEntries(manyFields(n).map(([name, value]) => [name, value]))),
  ],
  [
    "header fields in a head",
    8_000,
    (n) => {
      const headers = new ReplyHeaders(Object.fromEntries(manyFields(n)));
      const limits = { headBytes: Infinity, headFields: Infinity };
      formatHead({ status: 200, headers, type: undefined, length: undefined, limits });
    },
  ],
  ["header fields, each read", 4 * COUNT, (n) => new RequestHeaders(Params.from(manyFields(n))).toObject()],
  [
    "header fields of one name",
    VALUE,
    (n) => new RequestHeaders(Params.from(Array.from({ length: n / 10 }, () => ["HTTP_A", "v"]))).get("a"),
  ],
  ["params as an object", VALUE, (n) => Params.from(manyFields(n / 20)).toObject()],
  ["empty params", VALUE, (n) => new Params(Buffer.alloc(n)).toObject()],
  [
    "names in GET_VALUES",
    60_000,
    (n) => answerManagement({ type: 9, content: Buffer.alloc(n) }, {} as never),
  ],
  ["an entity tag", VALUE, (n) => isUnmodified(`"${"W/".repeat(n / 2)}`)],
  ["entity tags", VALUE, (n) => isUnmodified('W/"a",'.repeat(n / 6))],
  ["quotes in If-None-Match", VALUE, (n) => isUnmodified('"'.repeat(n))],
  ["a date", VALUE, (n) => parseHttpDate(`Sun, 06 Nov 1994 08:49:37${" ".repeat(n)}GMT`)],
  ["a range", VALUE, (n) => parseByteRange(`bytes=${"1".repeat(n)}-${"1".repeat(n)}-`, 10)],
  ["blanks around a range", VALUE, (n) => parseByteRange(`${" ".repeat(n)}bytes=1-2${" ".repeat(n)}x`, 10)],
  ["blanks in credentials", VALUE, (n) => parseBasic(`Basic ${" ".repeat(n)}!`)],
  ["credentials", VALUE, (n) => parseBasic(`Basic ${"YTpi".repeat(n / 4)}=`)],
  ["an address", VALUE, (n) => remoteAddressOf(Params.from({ REMOTE_ADDR: "1:".repeat(n / 2) }))],
  [
    "a zone of an address",
    VALUE,
    (n) => remoteAddressOf(Params.from({ REMOTE_ADDR: `::1%${"a".repeat(n)}` })),
  ],
  [
    "a question of an authorizer",
    VALUE,
    (n) =>
      questionParams(Params.from({ REQUEST_METHOD: "GET", REQUEST_URI: `a${":".repeat(n)}/` }), requestNames),
  ],
  ["control characters in a line of a log", BODY, (n) => oneLine("\n a".repeat(n / 3))],
  ["a long line in small pieces", BODY / 16, (n) => drain(lines(inPieces("a".repeat(n), 1)))],
  ["empty lines", BODY / 8, (n) => drain(lines(inPieces("\n".repeat(n), 4096)))],
  ["a form in single bytes", BODY / 32, (n) => readForm(`${part("a", "\r\n--X".repeat(n / 5))}--XX--`, 1)],
  [
    "a form of beginnings of a boundary",
    BODY,
    (n) => readForm(`${part("a", "\r\n--X".repeat(n / 5))}--XX--`, 4096),
  ],
  ["a form of line feeds", BODY, (n) => readForm(`${part("a", "\n".repeat(n))}--XX--`, 65_536)],
  ["a form of empty parts", BODY / 4, (n) => readForm(`${part("a", "").repeat(n / 50)}--XX--`, 65_536)],
  ["a form that never begins", BODY, (n) => readForm("\r\n-".repeat(n / 3), 65_536)],
  ["blanks behind a boundary", BODY, (n) => readForm(`--XX${" ".repeat(n)}\r\n`, 65_536)],
  ["blanks behind a boundary in single bytes", BODY / 32, (n) => readForm(`--XX${" ".repeat(n)}\r\n`, 1)],
  ["a header of a part", BODY, (n) => readForm(`--XX\r\nA: ${" ".repeat(n)}x\r\n\r\n`, 65_536)],
  [
    "a header of a part in single bytes",
    BODY / 16,
    (n) => readForm(`--XX\r\nA: ${"\\".repeat(n)}\r\n\r\n`, 1),
  ],
  [
    "a folded header of a part",
    BODY / 4,
    (n) => readForm(`--XX\r\nA:${"\r\n ".repeat(n / 3)}x\r\n\r\n`, 65_536),
  ],
  [
    "a name of a part",
    BODY / 64,
    (n) =>
      readForm(`--XX\r\nContent-Disposition: form-data; name="${'\\"'.repeat(n / 2 - 200)}\r\n\r\n`, 65_536),
  ],
  [
    "header fields of parts",
    BODY,
    (n) => readForm(`--XX\r\n${"A: b\r\n".repeat(20)}\r\n`.repeat(n / 128), 65_536),
  ],
  [
    "the head of an answer",
    BODY / 8,
    (n) => parser(`Status: 200 OK\r\n${"A: b\r\n".repeat(n / 6)}\r\n`, 65_536),
  ],
  [
    "the head of an answer in single bytes",
    BODY / 8,
    (n) => parser(`Status: 200 OK\nA: ${"b".repeat(n)}\n\n`, 1),
  ],
  ["blanks in the head of an answer", BODY, (n) => parser(`A:${" ".repeat(n)}b${" ".repeat(n)}\n\n`, 65_536)],
  ["blanks in a Status", BODY, (n) => parser(`Status: 200${" \t".repeat(n / 2)}b \n\n`, 65_536)],
  ["slashes in a target of the gateway", VALUE, (n) => parseRequestPath(`/${"../".repeat(n / 3)}`)],
  ["escapes in a target of the gateway", VALUE, (n) => parseRequestPath(`/a/${"%2e%2e/a/".repeat(n / 9)}`)],
  ["dots in a path of the gateway", VALUE, (n) => routes.protects(`/${".".repeat(n)}x`)],
  ["semicolons in a path of the gateway", VALUE, (n) => routes.protects(`/${";".repeat(n)}x`)],
  ["options of Connection", VALUE, (n) => endToEnd([["Connection", ",".repeat(n)], ...manyFields(n / 100)])],
  [
    "variables of an authorizer",
    8_000,
    (n) => variablesOf(manyFields(n).map(([name, value]) => [`Variable-${name}`, value])),
  ],
];

function isUnmodified(tags: string): boolean {
  const headers = new RequestHeaders(Params.from({ HTTP_IF_NONE_MATCH: tags }));
  return isNotModified(headers, { etag: '"v1"', lastModified: undefined });
}

/** Strings that a client may repeat in a target, a query or a cookie. */
const repeated = [
  ...'/ . ; = & % + " \\ * ? # - _'.split(" "),
  "/a",
  "/.",
  "/..",
  "/../a",
  "%2e%2e/",
  "%2f",
  "/%2f.",
  "%C3%A9",
  "%41",
  "a=1&",
  "1=1&",
  "__proto__=1&",
  "a[]=1&",
  "a=1; ",
  "a; ",
  '"a"',
];

const Names = z.object({ names: z.array(z.string()).optional() }).loose();
const Strict = z.strictObject({ a: z.string() });

describe("What an application is sent costs no more than its length:", () => {
  async function serve(): Promise<WebServerPeer> {
    await loadZod();
    const query = compileSource({ from: "query", schema: Names });
    const strict = compileSource({ from: "body", schema: Strict, limit: undefined });
    const texts = compileSource({ from: "body", schema: z.array(z.string()), limit: undefined });
    const everything = (request: ResponderRequest) => {
      const { cookies, headers, host, path, url, user, remoteAddress } = request;
      const names = [...request.query.keys()].length + Object.keys(cookies).length;
      return {
        sizes: [names, [...headers].length, host, path, url?.href, user, remoteAddress].map(
          (text) => String(text).length,
        ),
      };
    };
    const { connect } = await serveDefinitions(
      [
        responder({
          "GET /query": (request) => query(request as never),
          "POST /form": ({ body }) => body.form({ fields: Infinity }),
          "POST /few": ({ body }) => body.form(),
          "POST /json": async ({ body }) => typeof (await body.json()),
          "POST /strict": (request) => strict(request as never),
          "POST /texts": (request) => texts(request as never),
          "POST /bytes": async ({ body }) => (await body.bytes()).length,
          "GET /fail": ({ headers }) => {
            throw new Error(`Cannot read ${headers.get("cookie")}`);
          },
          "GET /*": everything,
        }),
        nodeListener((request, response) => response.end(String(Object.keys(request.headers).length)), {
          path: "/node",
        }),
        fetchHandler((request) => new Response(String([...request.headers].length)), { path: "/fetch" }),
        { kind: "authorizer", name: "Gate", paths: ["/members/**"], authorize: () => allow() },
        {
          kind: "filter",
          name: "Lines",
          paths: ["*.txt"],
          filter: async function* ({ data }) {
            for await (const line of lines(data)) yield line;
          },
        },
      ],
      { dispatcher: { secrets: ["HTTP_X_KEY"] } },
    );
    return connect();
  }

  const post = (path: string, body: string, type: string): Buffer =>
    get(1, path, {
      body,
      params: { REQUEST_METHOD: "POST", CONTENT_LENGTH: String(body.length), CONTENT_TYPE: type },
    });
  const form = (path: string, body: string) => post(path, body, "application/x-www-form-urlencoded");
  const json = (path: string, body: string) => post(path, body, "application/json");
  /** A stream in records of one byte each. */
  const single = (type: number, text: Uint8Array) =>
    Buffer.concat([...Array.from(text, (byte) => record(type, 1, Uint8Array.of(byte))), record(type, 1)]);
  const fill = (text: string, length: number) => text.repeat(Math.floor(length / text.length));

  test.each<readonly [what: string, limit: number, request: (length: number) => Buffer]>([
    ...repeated.flatMap((text): [string, number, (length: number) => Buffer][] => [
      [`${text} in a path`, VALUE, (n) => get(1, `/a${fill(text, n)}x`)],
      [`${text} in a path of authorizers`, VALUE, (n) => authorize(1, `/members${fill(text, n)}x`)],
      [`${text} in a query`, VALUE, (n) => get(1, `/query?${fill(text, n)}x`)],
      [`${text} in a Cookie`, VALUE, (n) => get(1, "/a", { params: { HTTP_COOKIE: `${fill(text, n)}x` } })],
      [`${text} in a form`, BODY / 4, (n) => form("/few", `${fill(text, n)}x`)],
    ]),
    [
      "PATH_INFO",
      VALUE,
      (n) => get(1, `/a${fill("/%2f", n)}x`, { params: { PATH_INFO: `${fill("//", n / 2)}x` } }),
    ],
    [
      "QUERY_STRING beside another query",
      VALUE,
      (n) => get(1, `/a?${fill("%41", n / 2)}`, { params: { QUERY_STRING: fill("%42", n / 2) } }),
    ],
    ["a Host", VALUE, (n) => get(1, "/a", { params: { HTTP_HOST: fill("a.", n) } })],
    ["a Host of one label", VALUE, (n) => get(1, "/a", { params: { HTTP_HOST: `xn--${fill("a", n)}` } })],
    ["a Host of colons", VALUE, (n) => get(1, "/a", { params: { HTTP_HOST: `[${fill("1:", n)}]` } })],
    [
      "a SERVER_NAME",
      VALUE,
      (n) => get(1, "/a", { params: { SERVER_NAME: fill("1:", n), SERVER_PORT: "1" } }),
    ],
    ["an authority", VALUE, (n) => get(1, `http://${fill("a:", n)}/a`)],
    ["many cookies", VALUE, (n) => get(1, "/a", { params: { HTTP_COOKIE: cookies(n) } })],
    ["many cookies, in an error", VALUE, (n) => get(1, "/fail", { params: { HTTP_COOKIE: cookies(n) } })],
    [
      "a secret that repeats itself, in an error",
      VALUE,
      (n) =>
        get(1, "/fail", { params: { HTTP_COOKIE: `a=${fill("aaaa;b=aaaaaaaa", n)}`, HTTP_X_KEY: "aaaaa" } }),
    ],
    [
      "many names in a query",
      VALUE,
      (n) => get(1, `/query?${Array.from({ length: n / 8 }, (_, index) => `k${index}=`).join("&")}`),
    ],
    [
      "many fields in a form",
      BODY,
      (n) => form("/form", Array.from({ length: n / 8 }, (_, index) => `${index}=`).join("&")),
    ],
    ["many fields of one name", BODY, (n) => form("/form", fill("a=1&", n))],
    [
      "unknown members of JSON",
      BODY / 4,
      (n) => json("/strict", `{${Array.from({ length: n / 14 }, (_, index) => `"k${index}":1`).join()}}`),
    ],
    ["wrong items of JSON", BODY / 8, (n) => json("/texts", `[${fill("1,", n)}1]`)],
    ["nested JSON", BODY, (n) => json("/json", `${fill("[", n / 2)}${fill("]", n / 2)}`)],
    ["nested JSON that does not end", BODY, (n) => json("/json", fill('[{"a":', n))],
    ["escapes in JSON", BODY, (n) => json("/json", `"${fill('\\"', n)}"`)],
    [
      "many headers for a listener",
      COUNT,
      (n) => get(1, "/node", { params: Object.fromEntries(manyFields(n - 10)) }),
    ],
    [
      "many headers for a fetch handler",
      COUNT,
      (n) => get(1, "/fetch", { params: Object.fromEntries(manyFields(n - 10)) }),
    ],
    ["many headers", COUNT, (n) => get(1, "/a", { params: Object.fromEntries(manyFields(n - 10)) })],
    [
      "PARAMS in records of one byte",
      VALUE / 4,
      (n) =>
        Buffer.concat([
          begin(1),
          single(Type.params, pairs({ REQUEST_URI: "/a", A: "a".repeat(n) })),
          stdin(1),
        ]),
    ],
    [
      "STDIN in records of one byte",
      BODY / 32,
      (n) =>
        Buffer.concat([
          begin(1),
          params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/bytes" }),
          single(Type.stdin, Buffer.alloc(n)),
        ]),
    ],
    [
      "DATA in records of one byte",
      BODY / 32,
      (n) =>
        Buffer.concat([
          begin(1, 3),
          params(1, {
            REQUEST_METHOD: "GET",
            REQUEST_URI: "/a.txt",
            FCGI_DATA_LENGTH: String(n),
            FCGI_DATA_LAST_MOD: "1",
          }),
          stdin(1),
          single(Type.data, Buffer.alloc(n, "a")),
        ]),
    ],
    [
      "records of no request",
      BODY,
      (n) => Buffer.concat([...Array.from({ length: n / 8 }, () => record(Type.stdin, 7)), get(1, "/a")]),
    ],
    [
      "management records",
      BODY / 8,
      (n) => Buffer.concat([...Array.from({ length: n / 8 }, () => record(Type.getValues, 0)), get(1, "/a")]),
    ],
  ])("%s", { timeout: LIMIT }, async (_what, limit, request) => {
    const peer = await serve();
    const requests = new Map<number, Buffer>();
    const run = async (length: number): Promise<void> => {
      const bytes = requests.get(length) ?? request(length);
      requests.set(length, bytes);
      await peer.send(bytes).answer(1);
    };
    expect(await growth(limit, run)).toBeLessThanOrEqual(1);
    peer.destroy();
  });
});

describe("What a peer sends costs no more than its length:", () => {
  test.each(rows)("%s", { timeout: LIMIT }, async (_what, limit, run) => {
    expect(await growth(limit, run)).toBeLessThanOrEqual(1);
  });
});
