import { describe, expect, test } from "vitest";

import { RecordType, Role } from "../../src/protocol/constants.js";
import { Params } from "../../src/protocol/params.js";
import { ScgiReader, scgiParams } from "../../src/protocol/scgi-reader.js";
import { headers, netstring } from "../support/scgi-peer.js";

/** The example of the specification, section 6. */
const EXAMPLE = Buffer.from(
  "70:CONTENT_LENGTH\x0027\0SCGI\x001\0REQUEST_METHOD\0POST\0REQUEST_URI\0/deepthought\0,What is the answer to life?",
);

interface Seen {
  readonly reader: ScgiReader;
  /** Names of records; content of one stream that follows each other is joined. */
  readonly records: [type: number, content: string][];
}

function reader(): Seen {
  const records: [number, string][] = [];
  const sink = {
    record(type: number, requestId: number, content: Buffer): void {
      expect(requestId).toBe(1);
      const last = records.at(-1);
      if (last?.[0] === type && content.length > 0 && last[1] !== "") last[1] += content.toString("latin1");
      else records.push([type, content.toString("latin1")]);
    },
  };
  return { reader: new ScgiReader(sink), records };
}

const BEGIN = [RecordType.BeginRequest, "\0\x01\0\0\0\0\0\0"];

describe("ScgiReader", () => {
  test.each([EXAMPLE.length, 1, 2, 3, 7, 32])("reads a request in chunks of %i bytes", (size) => {
    const { reader: scgi, records } = reader();
    for (let at = 0; at < EXAMPLE.length; at += size) {
      const chunk = EXAMPLE.subarray(at, at + size);
      expect(scgi.read(chunk)).toBe(chunk.length);
    }
    expect(records).toEqual([
      BEGIN,
      [RecordType.Params, EXAMPLE.toString("latin1", 3, 73)],
      [RecordType.Params, ""],
      [RecordType.Stdin, "What is the answer to life?"],
      [RecordType.Stdin, ""],
    ]);
    expect(Role.Responder).toBe(1);
  });

  test("ends the body of a request without one at once", () => {
    const { reader: scgi, records } = reader();
    scgi.read(netstring(headers([["CONTENT_LENGTH", "0"]])));
    expect(records.map(([type]) => type)).toEqual([
      RecordType.BeginRequest,
      RecordType.Params,
      RecordType.Params,
      RecordType.Stdin,
    ]);
  });

  test("begins the request at its first byte, so that its time limit counts from there", () => {
    const { reader: scgi, records } = reader();
    scgi.read(Buffer.from("7"));
    expect(records).toEqual([BEGIN]);
    expect(scgi.midRecord).toBe(true);
  });

  test("is within the request until the comma", () => {
    const { reader: scgi } = reader();
    expect(scgi.midRecord).toBe(false);
    scgi.read(EXAMPLE.subarray(0, 73));
    expect(scgi.midRecord).toBe(true);
    scgi.read(EXAMPLE.subarray(73, 74));
    expect(scgi.midRecord).toBe(false);
    expect(scgi.midBegin).toBe(false);
    expect(scgi.takeBack()).toBeUndefined();
  });

  test.each([
    ["no digit", "CONTENT_LENGTH", "its length is not a number and a colon"],
    ["a colon without a number", ":a", "its length is not a number and a colon"],
    ["a sign", "+12:", "its length is not a number and a colon"],
    ["a minus", "-1:", "its length is not a number and a colon"],
    ["a space", " 12:", "its length is not a number and a colon"],
    ["a number without a colon", "12CONTENT", "its length is not a number and a colon"],
    ["a hexadecimal number", "0x46:", "its length begins with 0"],
    ["a leading zero", "070:CONTENT_LENGTH", "its length begins with 0"],
    ["an empty netstring", "0:,", "its length begins with 0"],
    ["a gigantic length", "1000000000:", "its length has more than 9 digits"],
    [
      "a length that is too short",
      `${headers([["CONTENT_LENGTH", "0"]]).length - 1}:CONTENT_LENGTH\x000\0,`,
      "there is no comma where it ends",
    ],
    [
      "a length that is too long",
      `${headers([["CONTENT_LENGTH", "0"]]).length + 1}:CONTENT_LENGTH\x000\0,x`,
      "there is no comma where it ends",
    ],
    ["another byte than a comma", "17:CONTENT_LENGTH\x000\0;", "there is no comma where it ends"],
  ])("refuses %s", (_what, text, fact) => {
    for (const size of [text.length, 1]) {
      const { reader: scgi } = reader();
      const read = (): void => {
        for (let at = 0; at < text.length; at += size) scgi.read(Buffer.from(text.slice(at, at + size)));
      };
      expect(read).toThrow(
        expect.objectContaining({
          code: "ERR_SCGI_NETSTRING",
          fault: "remote",
          message: `Cannot read request: its headers are no netstring, ${fact}`,
        }),
      );
    }
  });

  test("refuses bytes after the body", () => {
    const { reader: scgi } = reader();
    scgi.read(EXAMPLE);
    expect(() => scgi.read(Buffer.from("x"))).toThrow(
      expect.objectContaining({
        code: "ERR_SCGI_BODY_LENGTH",
        message: "Cannot read request: more bytes came than CONTENT_LENGTH says",
      }),
    );
  });

  test.each(["", "-1", "+5", "5 ", "0x5", "1e3", "9".repeat(16)])(
    "takes nothing for a body if CONTENT_LENGTH is %j",
    (length) => {
      const { reader: scgi, records } = reader();
      scgi.read(Buffer.concat([netstring(headers([["CONTENT_LENGTH", length]])), Buffer.from("body")]));
      expect(records.map(([type]) => type)).toEqual([
        RecordType.BeginRequest,
        RecordType.Params,
        RecordType.Params,
      ]);
    },
  );
});

describe("scgiParams", () => {
  const decode = (...pairs: readonly (readonly [string, string])[]): Params =>
    scgiParams(Buffer.from(headers(pairs)));
  const first = ["CONTENT_LENGTH", "0"] as const;
  const magic = ["SCGI", "1"] as const;

  test("gives the headers as params, in their order", () => {
    const long = "v".repeat(70_000);
    const params = decode(
      first,
      magic,
      ["EMPTY", ""],
      ["N".repeat(200), "é"],
      ["LONG", long],
      ["A", "v".repeat(128)],
    );
    expect([...params]).toEqual([
      first,
      magic,
      ["EMPTY", ""],
      ["N".repeat(200), "é"],
      ["LONG", long],
      ["A", "v".repeat(128)],
    ]);
  });

  test("gives the same value of a repeated name as FastCGI does", () => {
    const pairs = [first, ["A", "1"], ["HTTP_A", "1"], ["A", "2"], ["HTTP_A", "2"], magic] as const;
    const params = decode(...pairs);
    const likewise = Params.from(pairs);
    expect([params.get("A"), params.get("HTTP_A")]).toEqual(["2", "1"]);
    expect([...params]).toEqual([...likewise]);
  });

  test("drops HTTP_PROXY (CVE-2016-5385)", () => {
    expect(decode(first, magic, ["HTTP_PROXY", "http://192.0.2.66"]).get("HTTP_PROXY")).toBeUndefined();
  });

  const wrong = "the first one is not CONTENT_LENGTH with a number";
  test.each<[string, string, string]>([
    ["no header", "", wrong],
    ["another header first", headers([magic, first]), wrong],
    ["no CONTENT_LENGTH", headers([magic]), wrong],
    ["a longer name first", headers([["CONTENT_LENGTH_X", "0"], magic]), wrong],
    ["an empty length", headers([["CONTENT_LENGTH", ""], magic]), wrong],
    ["a signed length", headers([["CONTENT_LENGTH", "-1"], magic]), wrong],
    ["a length with a blank", headers([["CONTENT_LENGTH", " 1"], magic]), wrong],
    ["a length of 16 digits", headers([["CONTENT_LENGTH", "1".repeat(16)], magic]), wrong],
    ["a length that does not end", "CONTENT_LENGTH\x000", wrong],
    ["CONTENT_LENGTH twice", headers([first, magic, first]), "CONTENT_LENGTH comes twice"],
    ["SCGI twice", headers([first, magic, magic]), "SCGI comes twice"],
    ["no SCGI", headers([first, ["A", "1"]]), "there is no SCGI with the value 1"],
    ["another version", headers([first, ["SCGI", "2"]]), "there is no SCGI with the value 1"],
    ["an empty name", headers([first, magic, ["", "x"]]), "header 3 has no name"],
    ["only NULs", headers([first, magic, ["", ""]]), "header 3 has no name"],
    [
      "an odd string",
      `${headers([first, magic])}A\0`,
      "header 3 is not a name and a value that end with NUL",
    ],
    [
      "a NUL within a value",
      headers([first, magic, ["A", "b\0c"]]),
      "header 4 is not a name and a value that end with NUL",
    ],
    [
      "a value without its end",
      `${headers([first, magic])}A\0b`,
      "header 3 is not a name and a value that end with NUL",
    ],
    [
      "text without a NUL",
      `${headers([first, magic])}A`,
      "header 3 is not a name and a value that end with NUL",
    ],
  ])("refuses %s", (_what, text, fact) => {
    expect(() => scgiParams(Buffer.from(text))).toThrow(
      expect.objectContaining({
        code: "ERR_SCGI_HEADERS",
        fault: "remote",
        message: `Cannot read headers: ${fact}`,
      }),
    );
  });
});
