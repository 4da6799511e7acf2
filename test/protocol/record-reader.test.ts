import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { encodeRecord, writeHeader } from "../../src/protocol/record.js";
import { RecordType } from "../../src/protocol/constants.js";
import { RecordReader } from "../../src/protocol/record-reader.js";
import { cutAt, hex } from "../support/hex.js";

type Seen = { type: number; requestId: number; content: string };

function recordsIn(chunks: Iterable<Buffer>): Seen[] {
  const seen: Seen[] = [];
  const reader = new RecordReader({
    record: (type, requestId, content) => seen.push({ type, requestId, content: content.toString("hex") }),
  });
  for (const chunk of chunks) reader.read(chunk);
  return seen;
}

/** Joins consecutive pieces of one stream: their boundaries have no meaning (section 3.3). */
function joined(records: readonly Seen[]): Seen[] {
  const result: Seen[] = [];
  for (const record of records) {
    const last = result.at(-1);
    const isStream = record.type >= RecordType.Params && record.type <= RecordType.Data;
    const continues = last?.type === record.type && last.requestId === record.requestId;
    if (isStream && continues && last.content !== "" && record.content !== "") last.content += record.content;
    else result.push({ ...record });
  }
  return result;
}

const begin = "01 01 00 01 00 08 00 00  00 01 01 00 00 00 00 00";
const stdin = "01 05 00 01 00 03 05 00  61 62 63  00 00 00 00 00";

describe("RecordReader", () => {
  test("returns every record of a chunk", () => {
    expect(recordsIn([hex(begin + stdin + "01 05 00 01 00 00 00 00")])).toEqual([
      { type: 1, requestId: 1, content: "0001010000000000" },
      { type: 5, requestId: 1, content: "616263" },
      { type: 5, requestId: 1, content: "" },
    ]);
  });

  test("reads padding of any length and content", () => {
    const bytes = Buffer.concat([hex("01 03 ff fe 00 02 ff 00  aa bb"), Buffer.alloc(255, 0x01), hex(begin)]);
    const expected = [
      { type: 3, requestId: 65_534, content: "aabb" },
      { type: 1, requestId: 1, content: "0001010000000000" },
    ];
    expect(recordsIn([bytes])).toEqual(expected);
    expect(recordsIn(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(expected);
  });

  test("reads an empty record that is padded", () => {
    const bytes = hex("01 05 00 01 00 00 08 00  00 00 00 00 00 00 00 00" + begin);
    for (const chunks of [[bytes], Array.from(bytes, (byte) => Buffer.of(byte))]) {
      expect(recordsIn(chunks).map(({ type }) => type)).toEqual([5, 1]);
    }
  });

  test("yields streams in pieces, and other records whole", () => {
    expect(
      recordsIn([hex("01 05 00 01 00 03 00 00 61"), hex("62 63 01 03 00 01 00 02 00 00 64"), hex("65")]),
    ).toEqual([
      { type: 5, requestId: 1, content: "61" },
      { type: 5, requestId: 1, content: "6263" },
      { type: 3, requestId: 1, content: "6465" },
    ]);
  });

  test("reports whether it is inside a record", () => {
    const reader = new RecordReader({ record: () => {} });
    const states = Array.from(hex(stdin), (byte) => {
      reader.read(Buffer.of(byte));
      return reader.midRecord;
    });
    expect(states).toEqual([...Array<boolean>(15).fill(true), false]);
  });

  test.each([
    ["in a header within one chunk", [hex("02 01 00 01 00 00 00 00")]],
    ["in the first byte", [hex("00")]],
    ["in a header whose content is still to come", [hex("ff 01 00 01 00 08 00 00")]],
    ["behind a good record", [hex(stdin + "48 54 54 50")]],
  ])("refuses another version: %s", (_place, chunks) => {
    expect(() => recordsIn(chunks)).toThrow(
      expect.objectContaining({ code: "ERR_FCGI_VERSION", fault: "remote" }),
    );
  });

  test("does not copy the content of a record within one chunk", () => {
    const chunk = hex(stdin);
    const reader = new RecordReader({
      record: (_type, _id, content) => expect(content.buffer).toBe(chunk.buffer),
    });
    reader.read(chunk);
  });
});

const anyRecord = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  requestId: fc.nat(0xffff),
  content: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 250, maxLength: 600 })),
  padding: fc.uint8Array({ maxLength: 255 }),
});

test("any split of a stream of records gives the same records", () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 60 }),
      (records, cuts) => {
        const bytes = Buffer.concat(
          records.flatMap(({ type, requestId, content, padding }) => {
            const header = Buffer.alloc(8);
            writeHeader(header, 0, {
              type,
              requestId,
              contentLength: content.length,
              paddingLength: padding.length,
            });
            return [header, content, padding];
          }),
        );
        const expected = records.map(({ type, requestId, content }) => ({
          type,
          requestId,
          content: Buffer.from(content).toString("hex"),
        }));
        expect(recordsIn([bytes])).toEqual(expected);
        expect(joined(recordsIn(cutAt(bytes, cuts)))).toEqual(joined(expected));
        expect(joined(recordsIn(Array.from(bytes, (byte) => Buffer.of(byte))))).toEqual(joined(expected));
      },
    ),
  );
});

test("records of maximum content survive any two cuts", () => {
  const content = Buffer.alloc(65_535, "tricorn ");
  const bytes = encodeRecord({ type: RecordType.GetValuesResult, requestId: 0, content });
  fc.assert(
    fc.property(fc.tuple(fc.nat(bytes.length), fc.nat(bytes.length)), (cuts) => {
      expect(recordsIn(cutAt(bytes, cuts))).toEqual([
        { type: 10, requestId: 0, content: content.toString("hex") },
      ]);
    }),
    { numRuns: 30 },
  );
});

describe("RecordReader.takeBack", () => {
  const nothing = { record: () => undefined };

  test.each([0, 1, 7, 8, 12, 15])("returns the %i bytes of a BEGIN_REQUEST that were read", (length) => {
    const reader = new RecordReader(nothing);
    const bytes = hex(begin).subarray(0, length);
    reader.read(bytes);
    expect(reader.takeBack()).toEqual(bytes);
    // Another reader goes on with them, and this one is between two records.
    expect(reader.midRecord).toBe(false);
    expect(recordsIn([Buffer.concat([bytes, hex(begin).subarray(length)])])).toHaveLength(1);
  });

  test("returns the header of a stream's record, whose content has not begun", () => {
    const reader = new RecordReader(nothing);
    reader.read(hex(stdin).subarray(0, 8));
    expect(reader.takeBack()).toEqual(hex(stdin).subarray(0, 8));
  });

  test.each([
    ["a part of a stream's record was passed on", 9],
    ["only padding is left", 11],
  ])("returns undefined if %s, and the reader goes on", (_what, length) => {
    const reader = new RecordReader(nothing);
    reader.read(hex(stdin).subarray(0, length));
    expect(reader.takeBack()).toBeUndefined();
    expect(reader.read(hex(stdin).subarray(length))).toBe(hex(stdin).length - length);
    expect(reader.midRecord).toBe(false);
  });
});
