import { expect, test } from "vitest";

import { RecordCutter } from "../../src/inspector/record-cutter.js";
import { hex } from "../support/hex.js";

/** What a cutter passes on for these chunks. */
function cut(...chunks: readonly Buffer[]): string[] {
  const events: string[] = [];
  const cutter = new RecordCutter({
    header: ({ type, requestId, contentLength, paddingLength }) =>
      events.push(`header ${type} ${requestId} ${contentLength} ${paddingLength}`),
    content: (piece) => events.push(`content ${Buffer.from(piece).toString("latin1")}`),
    unreadable: (bytes) => events.push(`unreadable ${Buffer.from(bytes).toString("hex")}`),
  });
  for (const chunk of chunks) cutter.push(chunk);
  return events;
}

const STDOUT = hex("01 06 00 01 00 05 03 00  68 65 6c 6c 6f 00 00 00"); // "hello", three bytes of padding
const END_OF_STDOUT = hex("01 06 00 01 00 00 00 00");

test("RecordCutter keeps length and padding of each record", () => {
  expect(cut(Buffer.concat([STDOUT, END_OF_STDOUT]))).toEqual([
    "header 6 1 5 3",
    "content hello",
    "header 6 1 0 0",
  ]);
});

test("RecordCutter reads the same however the bytes are cut", () => {
  const bytes = Buffer.concat([STDOUT, END_OF_STDOUT, STDOUT]);
  const whole = cut(bytes).join("\n");
  for (let at = 1; at < bytes.length; at += 1) {
    const events = cut(bytes.subarray(0, at), bytes.subarray(at));
    expect(events.join("\n").replaceAll(/\ncontent (?=.*\ncontent )(.*)\ncontent /g, "\ncontent $1")).toBe(
      whole,
    );
  }
  const single = cut(...Array.from(bytes, (byte) => Buffer.of(byte)));
  expect(single.filter((event) => event.startsWith("header"))).toEqual([
    "header 6 1 5 3",
    "header 6 1 0 0",
    "header 6 1 5 3",
  ]);
});

test("RecordCutter stops at a header of another version", () => {
  expect(
    cut(Buffer.concat([END_OF_STDOUT, Buffer.from("HTTP/1.1 200 OK\r\n")]), Buffer.from("more")),
  ).toEqual([
    "header 6 1 0 0",
    `unreadable ${Buffer.from("HTTP/1.1 200 OK\r\n").toString("hex")}`,
    `unreadable ${Buffer.from("more").toString("hex")}`,
  ]);
});
