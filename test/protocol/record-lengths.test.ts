// Lengths that a peer forges, and lengths that are cut off: CVE-2025-23016 (libfcgi added two lengths near 2^31 and
// allocated the little that was left), CVE-2026-55203 (HAProxy added content and padding in 16 bits), and HAProxy's records
// whose content was longer than their length, so that the rest of an upload was read as records.
import { expect, test } from "vitest";

import { RecordReader } from "../../src/protocol/record-reader.js";
import { RecordWriter } from "../../src/protocol/record-writer.js";
import { Type, begin, get, record, stream, variablesOf, params } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

const LONGEST = Buffer.from([0x7f, 0xff, 0xff, 0xff].map((byte, index) => (index === 0 ? 0xff : byte)));

test.each([
  ["a name and a value of 2 GiB each", Buffer.concat([LONGEST, LONGEST, Buffer.alloc(60_000, "x")])],
  ["a name of 2 GiB and an empty value", Buffer.concat([LONGEST, Buffer.of(0), Buffer.alloc(60_000, "x")])],
  ["a value of 2 GiB", Buffer.concat([Buffer.of(1), LONGEST, Buffer.alloc(60_000, "x")])],
])("%s are claimed: 400, no memory, and the connection lives on", async (_what, block) => {
  const { connect } = await serveDefinitions([responder({ "GET /": () => "x" })]);
  const peer = await connect();
  const before = process.memoryUsage.rss();
  for (let time = 0; time < 20; time += 1) {
    peer.send(begin(1), stream(Type.params, 1, block), record(Type.params, 1));
    expect((await peer.answer(1)).status).toBe(400);
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(256 * 1024 * 1024);
  expect((await peer.send(get(1, "/")).answer(1)).text).toBe("x");
});

test("a record of 65,535 bytes with 255 bytes of padding is one record, for an application and for a Web server", async () => {
  const { connect } = await serveDefinitions([
    responder({ "POST /": async ({ body }) => String((await body.bytes()).length) }),
  ]);
  const peer = await connect();
  // The content looks like records, in case it is read as such.
  const smuggled = stream(Type.stdin, 1, get(2, "/").subarray(0, 65_535));
  const content = Buffer.alloc(65_535, smuggled);
  peer.send(begin(1), params(1, variablesOf("/", { REQUEST_METHOD: "POST" })));
  peer.send(record(Type.stdin, 1, content, 255), record(Type.stdin, 1));
  expect((await peer.answer(1)).text).toBe("65535");

  for (const type of [Type.stdout, Type.getValuesResult, 77]) {
    const seen: [number, number, number][] = [];
    const reader = new RecordReader({ record: (...[type, id, { length }]) => seen.push([type, id, length]) });
    reader.read(Buffer.concat([record(type, 1, content, 255), record(Type.end, 1, Buffer.alloc(8))]));
    expect(seen).toEqual([
      [type, 1, 65_535],
      [Type.end, 1, 8],
    ]);
  }
});

test("content longer than a record is split into several, or refused; its length is never truncated", () => {
  const content = Buffer.alloc(200_000, record(Type.begin, 2, Buffer.alloc(8)));
  const writer = new RecordWriter();
  writer.stream(Type.stdin, 1, content);
  expect(() => writer.record(Type.stdin, 1, content)).toThrow(RangeError);
  const pieces: Buffer[] = [];
  const reader = new RecordReader({
    record(type, id, piece) {
      expect([type, id]).toEqual([Type.stdin, 1]);
      pieces.push(piece);
    },
  });
  reader.read(Buffer.concat(writer.take()));
  expect(Buffer.concat(pieces).equals(content)).toBe(true);
});
