import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { hopByHop } from "../../src/http/hop-by-hop.js";
import { checkedType, formatHead, statusLine } from "../../src/http/head.js";
import { HeaderError, ReplyHeaders } from "../../src/http/header-fields.js";
import { reply } from "../../src/roles/reply.js";
import { allow } from "../../src/roles/verdict.js";
import { authorize, get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

const headError = expect.objectContaining({ name: "HeaderError", code: "ERR_RESPONSE_HEADER" }) as Error;

describe("ReplyHeaders", () => {
  test("keep their order, compare names case-insensitively, and repeat arrays", () => {
    const headers = new ReplyHeaders({ "X-One": 1, "Set-Cookie": ["a=1", "b=2"], Vary: "Accept" });
    expect([...headers]).toEqual([
      ["X-One", "1"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["Vary", "Accept"],
    ]);
    headers.set("x-one", "2").append("VARY", "Cookie").delete("set-cookie");
    expect([...headers]).toEqual([
      ["Vary", "Accept"],
      ["x-one", "2"],
      ["VARY", "Cookie"],
    ]);
    expect(headers.get("vary")).toBe("Accept, Cookie");
    expect(headers.getAll("vary")).toEqual(["Accept", "Cookie"]);
    expect(headers.has("set-cookie")).toBe(false);
    expect(headers.get("none")).toBeUndefined();
    expect(headers.size).toBe(3);
  });

  test.each(["a\r\nX: y", "a\nb", "a\rb", "a\0b", "a\x7fb", "\n", "a\r\n"])(
    "refuse the value %j",
    (value) => {
      expect(() => new ReplyHeaders({ X: value })).toThrow(headError);
      expect(() => new ReplyHeaders({ X: ["fine", value] })).toThrow(headError);
      expect(() => new ReplyHeaders().set("X", value)).toThrow(headError);
      expect(() => new ReplyHeaders().append("X", value)).toThrow(headError);
    },
  );

  test.each(["", " ", "X:", "X Y", "X\r\nY", "é", "X\0", "(x)", '"x"'])("refuse the name %j", (name) => {
    expect(() => new ReplyHeaders({ [name]: "x" })).toThrow(headError);
  });

  test.each(["Status", "status", "Transfer-Encoding", "CONNECTION", ...hopByHop])(
    "refuse %s, and say how to fix it",
    (name) => {
      expect(() => new ReplyHeaders({ [name]: "x" })).toThrow(HeaderError);
    },
  );

  test("keep the refused value out of the message: it may be a secret", () => {
    expect(() => new ReplyHeaders({ X: "secret\n" })).toThrow(
      expect.not.objectContaining({ message: /secret/ }) as Error,
    );
  });

  test("encode other text as UTF-8 bytes, none of which is treated as a blank", () => {
    for (const text of ["voilà", "à", "č\u010a", "中文", "\u{1f600}", "\u00a0x\u00a0"]) {
      const value = new ReplyHeaders({ X: text }).get("x")!;
      expect(Buffer.from(value, "latin1").toString("utf8")).toBe(text);
    }
    expect(new ReplyHeaders({ X: " \t a b\t " }).get("x")).toBe("a b");
  });

  test("keep the bytes of copied values: as headers together, and with appendBytes", () => {
    const headers = new ReplyHeaders({ Location: "/zürich" });
    const value = headers.get("location")!;
    expect(new ReplyHeaders(headers).get("location")).toBe(value);
    expect(reply("x", { headers }).headers.get("location")).toBe(value);
    expect(new ReplyHeaders().appendBytes("X-Copy", value).get("x-copy")).toBe(value);
  });

  test("every accepted value is one line of the header block", () => {
    let passed = 0;
    const name = fc.oneof(fc.constantFrom("X", "x-a"), fc.string({ unit: "binary" }));
    const character = fc.constantFrom("a", " ", "\t", ":", "é", "\u0100", "\u560a", "\r", "\n", "\0");
    const value = fc.oneof(fc.string({ unit: character, maxLength: 4 }), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(name, value, (name, value) => {
        let headers: ReplyHeaders;
        try {
          headers = new ReplyHeaders({ [name]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(HeaderError);
          return;
        }
        const head = formatHead({ status: 200, headers, type: undefined, length: undefined });
        const bytes = Buffer.from(head, "latin1").toString("latin1");
        expect(bytes).toBe(head);
        expect(bytes.split(/\r\n|\r|\n/)).toHaveLength(4);
        passed += 1;
      }),
      { numRuns: 500 },
    );
    expect(passed).toBeGreaterThan(20);
  });
});

describe("formatHead", () => {
  const none = new ReplyHeaders();

  test("puts the status first and the blank line last", () => {
    const headers = new ReplyHeaders({ "X-A": "b" });
    expect(formatHead({ status: 404, headers, type: "text/html", length: 3 })).toBe(
      "Status: 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 3\r\nX-A: b\r\n\r\n",
    );
    expect(statusLine(299)).toBe("Status: 299\r\n");
  });

  test("gives precedence to the fields of the reply", () => {
    const headers = new ReplyHeaders({ "content-type": "a/b", "CONTENT-LENGTH": 9 });
    expect(formatHead({ status: 200, headers, type: "text/html", length: 3 })).toBe(
      "Status: 200 OK\r\ncontent-type: a/b\r\nCONTENT-LENGTH: 9\r\n\r\n",
    );
  });

  test("refuses more than 100 fields and more than 8 KiB", () => {
    const many = new ReplyHeaders({ "X-A": Array.from({ length: 101 }, () => "x") });
    const long = new ReplyHeaders({ "X-A": "x".repeat(8_200) });
    for (const headers of [many, long]) {
      expect(() => formatHead({ status: 200, headers, type: undefined, length: undefined })).toThrow(
        headError,
      );
    }
    expect(() => formatHead({ status: 200, headers: none, type: "x".repeat(9_000), length: 0 })).toThrow(
      headError,
    );
  });

  test.each(["text/plain\r\nX: y", "text/plain\nX: y", "text/plain\0"])(
    "refuses the media type %j",
    (type) => {
      for (let time = 0; time < 2; time += 1) {
        expect(() => formatHead({ status: 200, headers: none, type, length: 0 })).toThrow(headError);
      }
    },
  );

  test("a media type beyond Latin-1 cannot end its line as bytes", () => {
    expect(Buffer.from(checkedType("text/plain; x=\u010a"), "latin1").toString("utf8")).toBe(
      "text/plain; x=\u010a",
    );
  });
});

describe("The limits of a header block", () => {
  const large = responder({
    "GET /": () => reply("large", { headers: { "X-Large": "x".repeat(10_000) } }),
    "GET /stream": () => reply(["large"].values(), { headers: { "X-Large": "x".repeat(10_000) } }),
  });
  const gate = {
    kind: "authorizer",
    name: "Gate",
    paths: [],
    authorize: () => allow({ LARGE: "x".repeat(10_000) }),
  } as const;

  test.each([
    [{}, 500, 500],
    [{ headBytes: 12_000 }, 200, 200],
    [{ headBytes: 12_000, headFields: 0 }, 500, 500],
  ])("with %o accept an answer, a stream and a decision of %i", async (limits, status, decision) => {
    const { connect } = await serveDefinitions([large, gate], { dispatcher: { limits } });
    const peer = await connect();
    peer.send(
      get(1, "/"),
      get(2, "/stream"),
      get(3, "/", { params: { REQUEST_METHOD: "HEAD" } }),
      authorize(4, "/"),
    );

    for (const id of [1, 2, 3]) expect((await peer.answer(id)).status).toBe(status);
    expect((await peer.answer(4)).status).toBe(decision);
  });
});
