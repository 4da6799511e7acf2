import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { RecordType } from "../../src/protocol/constants.js";
import { RecordReader } from "../../src/protocol/record-reader.js";
import { RecordWriter } from "../../src/protocol/record-writer.js";
import { hex } from "../support/hex.js";

/** Everything that was queued as one buffer; checks that the writer knew its length. */
function taken(writer: RecordWriter): Buffer {
  const { length } = writer;
  const bytes = Buffer.concat(writer.take());
  expect(bytes).toHaveLength(length);
  expect(writer.length).toBe(0);
  return bytes;
}

function streamsIn(bytes: Buffer): Map<string, Buffer> {
  const streams = new Map<string, Buffer>();
  const reader = new RecordReader({
    record: (type, requestId, content) => {
      const key = `${type}/${requestId}`;
      streams.set(key, Buffer.concat([streams.get(key) ?? Buffer.alloc(0), content]));
    },
  });
  reader.read(bytes);
  expect(reader.midRecord).toBe(false);
  return streams;
}

describe("RecordWriter", () => {
  test("queues a piece of a stream with zeroed padding", () => {
    const writer = new RecordWriter();
    writer.stream(RecordType.Stdout, 3, "hé");
    expect(taken(writer)).toEqual(hex("01 06 00 03 00 03 05 00  68 c3 a9  00 00 00 00 00"));
  });

  test("joins text of one stream in one record, in order with all other records", () => {
    const writer = new RecordWriter();
    for (const line of ["a\n", "b\n"]) writer.text(RecordType.Stdout, 1, line);
    writer.text(RecordType.Stdout, 2, "other");
    writer.stream(RecordType.Stderr, 2, "warning");
    writer.text(RecordType.Stdout, 1, "c\n");
    writer.end(1, 0, 0);
    const records: string[] = [];
    new RecordReader({
      record: (type, id, content) => void records.push(`${type}/${id} ${content.toString("latin1")}`),
    }).read(Buffer.concat(writer.take()));
    expect(records).toEqual([
      "6/1 a\nb\n",
      "6/2 other",
      "7/2 warning",
      "6/1 c\n",
      "6/1 ",
      `3/1 ${"\0".repeat(8)}`,
    ]);
  });

  test.each([
    ["pieces that end in the middle of a character", ["\ud83d", "\ude00"]],
    ["more text than is joined", ["é".repeat(40_000), "end"]],
    ["nothing", ["", ""]],
  ])("encodes each piece of text as if it were alone: %s", (_, pieces) => {
    const writer = new RecordWriter();
    for (const piece of pieces) writer.text(RecordType.Stdout, 1, piece);
    const content = streamsIn(Buffer.concat(writer.take())).get("6/1") ?? Buffer.alloc(0);
    expect(content).toEqual(Buffer.concat(pieces.map((piece) => Buffer.from(piece))));
    expect(writer.length).toBe(0);
  });

  test("queues nothing for an empty piece, and the end of the stream for an empty record", () => {
    const writer = new RecordWriter();
    writer.stream(RecordType.Stdout, 3, "");
    expect(writer.length).toBe(0);
    writer.record(RecordType.Stdout, 3, Buffer.alloc(0));
    expect(taken(writer)).toEqual(hex("01 06 00 03 00 00 00 00"));
  });

  test("closes STDOUT and ends the request (section 5.5)", () => {
    const writer = new RecordWriter();
    writer.end(0x0102, -1, 2);
    expect(taken(writer)).toEqual(
      hex(`01 06 01 02 00 00 00 00                           # STDOUT ends
           01 03 01 02 00 08 00 00  ff ff ff ff 02 00 00 00  # END_REQUEST`),
    );
  });

  test("writes a small answer into one buffer", () => {
    const writer = new RecordWriter();
    writer.answer({
      requestId: 1,
      head: "Status: 200\r\n\r\n",
      body: "é!",
      bodyLength: 3,
      applicationStatus: 7,
    });
    const buffers = writer.take();
    expect(buffers).toHaveLength(1);
    expect(Buffer.from(buffers[0]!)).toEqual(
      Buffer.concat([
        hex("01 06 00 01 00 12 06 00"),
        Buffer.from("Status: 200\r\n\r\né!"),
        hex("00 00 00 00 00 00  01 06 00 01 00 00 00 00  01 03 00 01 00 08 00 00  00 00 00 07 00 00 00 00"),
      ]),
    );
  });

  test("writes the header block as Latin-1", () => {
    const writer = new RecordWriter();
    writer.answer({
      requestId: 1,
      head: "A: \xe9\n\n",
      body: hex("ff fe"),
      bodyLength: 2,
      applicationStatus: 0,
    });
    expect(streamsIn(taken(writer)).get("6/1")).toEqual(hex("41 3a 20 e9 0a 0a ff fe"));
  });

  test("writes the header block of a long answer into a separate record", () => {
    const writer = new RecordWriter();
    const body = Buffer.alloc(100_000, "b");
    writer.answer({
      requestId: 1,
      head: "A: b\r\n\r\n",
      body,
      bodyLength: body.length,
      applicationStatus: 0,
    });
    const bytes = taken(writer);
    expect(bytes.subarray(0, 24)).toEqual(
      Buffer.concat([
        hex("01 06 00 01 00 08 00 00"),
        Buffer.from("A: b\r\n\r\n"),
        hex("01 06 00 01 ff f8 00 00"),
      ]),
    );
    expect(streamsIn(bytes).get("6/1")).toEqual(Buffer.concat([Buffer.from("A: b\r\n\r\n"), body]));
  });

  test("does not copy long content", () => {
    const writer = new RecordWriter();
    const content = Buffer.alloc(20_000, "x");
    writer.stream(RecordType.Stdout, 1, content);
    expect(writer.take().some(({ buffer }) => buffer === content.buffer)).toBe(true);
  });

  test("keeps the bytes of interleaved writers apart", () => {
    const writers = [new RecordWriter(), new RecordWriter(), new RecordWriter()];
    for (let round = 0; round < 2000; round += 1) {
      writers.forEach((writer, index) => writer.stream(RecordType.Stdout, index + 1, `${round},`));
    }
    const expected = Array.from({ length: 2000 }, (_, round) => `${round},`).join("");
    writers.forEach((writer, index) => {
      const streams = streamsIn(taken(writer));
      expect([...streams.keys()]).toEqual([`6/${index + 1}`]);
      expect(streams.get(`6/${index + 1}`)!.toString()).toBe(expected);
    });
  });

  test("never changes bytes that were taken", () => {
    const writer = new RecordWriter();
    writer.stream(RecordType.Stdout, 1, "first");
    const buffers = writer.take();
    const before = Buffer.concat(buffers);
    for (let round = 0; round < 10_000; round += 1) writer.stream(RecordType.Stdout, 1, "later, and longer");
    expect(Buffer.concat(buffers)).toEqual(before);
  });
});

const pieces = fc.array(
  fc.record({
    id: fc.integer({ min: 1, max: 3 }),
    type: fc.constantFrom(RecordType.Stdout, RecordType.Stderr),
    length: fc.oneof(fc.nat(40), fc.nat(20_000), fc.integer({ min: 65_500, max: 140_000 })),
    fill: fc.nat(255),
  }),
  { maxLength: 15 },
);

test("a reader reads back what the writer writes", () => {
  fc.assert(
    fc.property(pieces, (given) => {
      const writer = new RecordWriter();
      const expected = new Map<string, Buffer>();
      for (const { id, type, length, fill } of given) {
        const content = Buffer.alloc(length, fill);
        writer.stream(type, id, content);
        const key = `${type}/${id}`;
        if (length > 0) expected.set(key, Buffer.concat([expected.get(key) ?? Buffer.alloc(0), content]));
      }
      const bytes = taken(writer);
      expect(bytes.length % 8).toBe(0);
      const found = streamsIn(bytes);
      expect([...found.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
      for (const [key, content] of expected) expect(content.equals(found.get(key)!)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

describe("the slab of small answers", () => {
  /** Fills some bytes of the slab, and takes them. */
  function written(writer: RecordWriter, length: number): Uint8Array {
    writer.record(RecordType.Stdout, 1, Buffer.alloc(length, 1));
    return writer.take()[0]!;
  }
  const overlap = (one: Uint8Array, other: Uint8Array): boolean =>
    one.buffer === other.buffer &&
    one.byteOffset < other.byteOffset + other.length &&
    other.byteOffset < one.byteOffset + one.length;

  /** A writer with a slab in which nothing is unsent: one of earlier tests is full by then. */
  function freshSlab(): RecordWriter {
    const writer = new RecordWriter();
    for (let count = 0; count < 5; count += 1) {
      written(writer, 16_000);
      writer.sent();
    }
    return writer;
  }

  test("is filled from its start when everything was sent", () => {
    const writer = freshSlab();
    const one = written(writer, 100);
    writer.sent();
    const other = written(writer, 100);
    expect(overlap(one, other)).toBe(true);
    writer.sent();
  });

  test("is not filled again while another connection has unsent bytes in it, taken or not", () => {
    const [writer, other] = [freshSlab(), new RecordWriter()];
    // Queued first, taken last.
    other.record(RecordType.Stdout, 2, Buffer.alloc(50, 2));
    const one = written(writer, 100);
    writer.sent();
    const next = written(writer, 100);
    expect(overlap(one, next)).toBe(false);
    writer.sent();
    const [last] = other.take();
    expect([one, next].some((view) => overlap(view, last!))).toBe(false);
    expect(Buffer.from(last!.subarray(8, 58)).equals(Buffer.alloc(50, 2))).toBe(true);
    // All of it was sent now.
    other.sent();
    expect(overlap(one, written(writer, 200)) || overlap(last!, written(writer, 200))).toBe(true);
    writer.sent();
  });

  test("is never filled again if a write took only a part at once, or was dropped", () => {
    for (const isDropped of [false, true]) {
      const [writer, other] = [freshSlab(), new RecordWriter()];
      const partial = isDropped ? undefined : written(other, 100);
      if (isDropped) {
        other.record(RecordType.Stdout, 2, Buffer.alloc(100, 2));
        other.clear();
      }
      const views: Uint8Array[] = [];
      for (let count = 0; count < 200; count += 1) {
        const view = written(writer, 1_000);
        if (partial !== undefined) expect(overlap(partial, view)).toBe(false);
        if (view.buffer === views[0]?.buffer)
          expect(views.some((earlier) => overlap(earlier, view))).toBe(false);
        views.push(view);
        writer.sent();
        if (view.buffer !== views[0]!.buffer) break;
      }
      expect(views.length).toBeGreaterThan(10);
    }
  });
});
