import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  CgiResponseParser,
  type CgiResponseHead,
  type CgiResponseLimits,
} from "../../src/protocol/cgi-response.js";
import { cutAt } from "../support/hex.js";

function parse(text: string, limits?: CgiResponseLimits): CgiResponseHead | undefined {
  return new CgiResponseParser(limits).push(Buffer.from(text, "latin1"));
}

const refused = expect.objectContaining({ code: "ERR_FCGI_RESPONSE_HEADER", fault: "remote" }) as Error;

describe("CgiResponseParser", () => {
  test("reads a status, fields in order, and leaves the body", () => {
    const head = parse(
      "Status: 404 Not Found\r\nContent-Type: text/plain\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\nbody\r\n\r\n",
    );
    expect(head).toMatchObject({
      status: 404,
      statusText: "Not Found",
      headers: [
        ["Content-Type", "text/plain"],
        ["Set-Cookie", "a"],
        ["Set-Cookie", "b"],
      ],
    });
    expect(head!.rest.toString()).toBe("body\r\n\r\n");
  });

  test.each([
    ["LF", "Status: 201\nA: b\n\nx"],
    ["CRLF", "Status: 201\r\nA: b\r\n\r\nx"],
    ["both", "Status: 201\nA: b\r\n\nx"],
  ])("accepts lines that end in %s", (_name, text) => {
    const head = parse(text);
    expect(head).toMatchObject({ status: 201, statusText: "", headers: [["A", "b"]] });
    expect(head!.rest.toString()).toBe("x");
  });

  test.each([
    ["is 200 without Status and Location", "Content-Type: a/b\n\n", 200, "OK"],
    ["is 302 with Location alone (section 6.2.3)", "Location: https://a/\n\n", 302, "Found"],
    ["is what Status says up to 999", "Status: 999 Beyond\n\n", 999, "Beyond"],
    ["is what Status says beside a Location", "Location: /a\nStatus: 201 Created\n\n", 201, "Created"],
    ["may come behind other fields, in any case", "a: b\nsTATUS:404\n\n", 404, ""],
    ["keeps its reason as it came", "Status: \t 500  Out of  paper \t\n\n", 500, "Out of  paper"],
  ])("the status %s", (_name, text, status, statusText) => {
    expect(parse(text)).toMatchObject({ status, statusText });
  });

  test("trims white space around values and preserves the rest, byte by byte", () => {
    expect(parse("A: \t x\ty \xe9 \t\r\nB:\n\n")!.headers).toEqual([
      ["A", "x\ty \xe9"],
      ["B", ""],
    ]);
  });

  test.each([
    ["a folded line", "A: b\r\n c\r\n\r\n"],
    ["a line folded by a tab", "A: b\n\tc\n\n"],
    ["a line without a colon", "A\n\n"],
    ["an HTTP status line", "HTTP/1.1 403 Forbidden\r\nA: b\r\n\r\n"],
    ["an empty name", ": b\n\n"],
    ["a space before the colon", "A : b\n\n"],
    ["a name that is not a token", "A(b): c\n\n"],
    ["a name beyond ASCII", "\xe9: c\n\n"],
    ["a bare CR in a value", "A: b\rSet-Cookie: x\n\n"],
    ["a CR too much", "A: b\r\r\n\n"],
    ["a NUL in a value", "A: b\0\n\n"],
    ["an escape in a value", "A: \x1b[1m\n\n"],
    ["a delete in a value", "A: \x7f\n\n"],
    ["Status twice", "Status: 200\nstatus: 403\n\n"],
    ["Location twice", "Location: /a\nLocation: /b\n\n"],
    ["an interim status", "Status: 103 Early Hints\n\n"],
    ["a status of two digits", "Status: 20\n\n"],
    ["a status of four digits", "Status: 2000\n\n"],
    ["a status below 200", "Status: 099\n\n"],
    ["Content-Length twice", "Content-Length: 1\ncontent-length: 2\n\n"],
    ["a Content-Length that is a list", "Content-Length: 1, 1\n\n"],
    ["a Content-Length with a sign", "Content-Length: +1\n\n"],
    ["a Content-Length of no digit", "Content-Length:\n\n"],
    ["a Content-Length of 16 digits", "Content-Length: 1000000000000000\n\n"],
    ["an empty status", "Status:\n\n"],
    ["no field", "\r\n"],
  ])("refuses %s", (_name, text) => {
    expect(() => parse(text)).toThrow(refused);
  });

  test("never repeats the input in its message", () => {
    expect(() => parse("Set-Cookie: secret\0\n\n")).toThrow(
      "Cannot read response header: the value in line 1 has a control character",
    );
  });

  test("waits for the blank line and says so if it is missing", () => {
    const parser = new CgiResponseParser();
    expect(parser.push(Buffer.from("Status: 200\r\n"))).toBeUndefined();
    expect(parser.push(Buffer.from("\r"))).toBeUndefined();
    expect(parser.incomplete()).toMatchObject({
      code: "ERR_FCGI_RESPONSE_HEADER",
      message: "Cannot read response header: STDOUT ended after 14 bytes without a blank line",
    });
    expect(new CgiResponseParser().incomplete().message).toMatch("wrote nothing to STDOUT");
  });

  test("accepts as many bytes as allowed and not one more", () => {
    const text = "A: bcd\r\n\r\n";
    expect(parse(text, { bytes: 10 })).toBeDefined();
    expect(() => parse(text, { bytes: 9 })).toThrow(refused);
    expect(() => parse("A: bcdefghi", { bytes: 10 })).toThrow("longer than 10 bytes");
  });

  test("refuses 64 KiB without a line end, however they are cut", () => {
    const parser = new CgiResponseParser();
    const feed = (): void => {
      for (let count = 0; count < 70_000; count += 1) parser.push(Buffer.from("x"));
    };
    expect(feed).toThrow("longer than 65536 bytes");
  });

  test("accepts as many fields as allowed and not one more", () => {
    expect(parse("A: 1\nB: 2\n\n", { count: 2 })!.headers).toHaveLength(2);
    expect(() => parse("A: 1\nB: 2\nC: 3", { count: 2 })).not.toThrow();
    expect(() => parse("A: 1\nB: 2\nC: 3\n", { count: 2 })).toThrow("more than 2 fields");
  });
});

test("a header cut anywhere is read the same", () => {
  const name = fc.stringMatching(/^X-[A-Za-z0-9]{1,10}$/);
  const value = fc.stringMatching(/^(?:[!-~](?:[ -~]{0,30}[!-~])?)?$/);
  const lineEnd = fc.constantFrom("\n", "\r\n");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, value, lineEnd), { minLength: 1, maxLength: 8 }),
      lineEnd,
      fc.string({ maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 60 }),
      (fields, last, body, cuts) => {
        const text = `${fields.map(([key, content, end]) => `${key}: ${content}${end}`).join("")}${last}${body}`;
        const parser = new CgiResponseParser();
        let head: CgiResponseHead | undefined;
        const rest: Buffer[] = [];
        for (const piece of cutAt(Buffer.from(text), cuts)) {
          if (head !== undefined) {
            rest.push(piece);
            continue;
          }
          head = parser.push(piece);
          if (head !== undefined) rest.push(head.rest);
        }
        expect(head!.headers).toEqual(fields.map(([key, content]) => [key, content]));
        expect(Buffer.concat(rest).toString()).toBe(body);
      },
    ),
  );
});

test("any bytes are a header, the start of one, or refused", () => {
  const odd = fc.constantFrom("A", ":", " ", "\r", "\n", "\t", "Status: 200", "\0", "é");
  const line = fc.constantFrom("A: b\n", "B:c\r\n", "Status: 200\n", "C: \té \r\n", "\n");
  const bytes = fc.array(fc.oneof({ weight: 1, arbitrary: odd }, { weight: 4, arbitrary: line }), {
    maxLength: 30,
  });
  let fields = 0;
  let refusals = 0;
  fc.assert(
    fc.property(bytes, (parts) => {
      let head: CgiResponseHead | undefined;
      try {
        head = parse(parts.join(""));
      } catch (error) {
        expect(error).toMatchObject({ code: "ERR_FCGI_RESPONSE_HEADER" });
        refusals += 1;
        return;
      }
      for (const [, value] of head?.headers ?? []) {
        expect(value).not.toMatch(/[\r\n\0]/);
        fields += 1;
      }
    }),
    { numRuns: 500 },
  );
  expect(fields).toBeGreaterThan(50);
  expect(refusals).toBeGreaterThan(50);
});
