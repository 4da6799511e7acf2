import { expect, test } from "vitest";

import { RecordType } from "../../src/protocol/constants.js";
import { ScgiWriter } from "../../src/protocol/scgi-writer.js";
import { Segment } from "../../src/protocol/segment.js";

const text = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString();

test("ScgiWriter writes STDOUT alone: no records, no STDERR, no end", () => {
  const writer = new ScgiWriter();
  writer.stream(RecordType.Stdout, 1, Buffer.from("Status: 200 OK\r\n\r\n"));
  writer.stream(RecordType.Stderr, 1, "a line\n");
  writer.text(RecordType.Stdout, 1, "é");
  writer.record(RecordType.Stdout, 1, Buffer.alloc(0));
  writer.end();
  expect(writer.length).toBe(20);
  expect(text(writer.take())).toBe("Status: 200 OK\r\n\r\né");
  expect([writer.length, writer.takenLength]).toEqual([0, 20]);
  expect(writer.take()).toEqual([]);
});

test("ScgiWriter writes a whole answer, its head as latin-1 and its body as UTF-8", () => {
  const writer = new ScgiWriter();
  writer.answer({ requestId: 1, head: "X: \xe9\r\n\r\n", body: "é", bodyLength: 2, applicationStatus: 3 });
  expect(Buffer.concat(writer.take())).toEqual(Buffer.from([88, 58, 32, 0xe9, 13, 10, 13, 10, 0xc3, 0xa9]));
});

test("ScgiWriter owns segments until they are sent", () => {
  const writer = new ScgiWriter();
  const segment = Segment.for(3);
  segment.push(Buffer.from("abc"));
  writer.segment(RecordType.Stdout, 1, segment);
  expect(text(writer.take())).toBe("abc");
  expect(writer.takeSegments()).toEqual([segment]);
  expect(writer.takeSegments()).toBeUndefined();
  writer.stream(RecordType.Stdout, 1, "d");
  writer.clear();
  expect([writer.length, writer.take()]).toEqual([0, []]);
});
