import { describe, expect, test } from "vitest";

import { encodeRecord, encodeStream, paddingFor, writeHeader } from "../../src/protocol/record.js";
import { RecordType } from "../../src/protocol/constants.js";
import { hex } from "../support/hex.js";

describe("encodeRecord", () => {
  test("writes the eight fields of the header in order (section 3.3)", () => {
    const record = encodeRecord({
      type: RecordType.Stdin,
      requestId: 0x0102,
      content: hex("aa bb cc dd ee ff 00 11"),
    });
    expect(record).toEqual(
      hex(`01            # version
           05            # type: STDIN
           01 02         # request id
           00 08         # content length
           00            # padding length
           00            # reserved
           aa bb cc dd ee ff 00 11`),
    );
  });

  test("pads the content with zeroes to a multiple of eight", () => {
    const record = encodeRecord({ type: RecordType.Stdout, requestId: 1, content: Buffer.from("hello") });
    expect(record).toEqual(hex("01 06 00 01 00 05 03 00  68 65 6c 6c 6f  00 00 00"));
  });

  test("writes a header alone for empty content", () => {
    expect(encodeRecord({ type: RecordType.Params, requestId: 65_535, content: Buffer.alloc(0) })).toEqual(
      hex("01 04 ff ff 00 00 00 00"),
    );
  });

  test("accepts 65,535 bytes, but not one more", () => {
    const record = encodeRecord({ type: RecordType.Data, requestId: 1, content: Buffer.alloc(65_535) });
    expect(record.subarray(0, 8)).toEqual(hex("01 08 00 01 ff ff 01 00"));
    expect(record).toHaveLength(8 + 65_536);
    expect(() => encodeRecord({ type: 8, requestId: 1, content: Buffer.alloc(65_536) })).toThrow(RangeError);
  });
});

describe("encodeStream", () => {
  test("splits long content at 65,528 bytes, which need no padding", () => {
    const records = encodeStream({
      type: RecordType.Stdin,
      requestId: 1,
      content: Buffer.alloc(65_529, "x"),
    });
    expect(records.subarray(0, 8)).toEqual(hex("01 05 00 01 ff f8 00 00"));
    expect(records.subarray(8 + 65_528)).toEqual(hex("01 05 00 01 00 01 07 00  78  00 00 00 00 00 00 00"));
  });

  test("yields nothing for empty content, which would end the stream", () => {
    expect(encodeStream({ type: RecordType.Stdin, requestId: 1, content: Buffer.alloc(0) })).toHaveLength(0);
  });
});

describe("paddingFor", () => {
  test.each([
    [0, 0],
    [1, 7],
    [7, 1],
    [8, 0],
    [9, 7],
    [65_528, 0],
    [65_535, 1],
  ])("is %i bytes -> %i", (length, padding) => {
    expect(paddingFor(length)).toBe(padding);
  });
});

test("writeHeader writes at an offset and returns the next one", () => {
  const target = Buffer.alloc(10, 0xee);
  const end = writeHeader(target, 1, { type: 3, requestId: 0x1234, contentLength: 0x5678, paddingLength: 9 });
  expect(end).toBe(9);
  expect(target).toEqual(hex("ee 01 03 12 34 56 78 09 00 ee"));
});
