import { expect, test } from "vitest";

import { LineReader } from "../../src/supervisor/line-reader.js";

function linesOf(...chunks: readonly string[]): readonly string[] {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const chunk of chunks) reader.read(Buffer.from(chunk));
  reader.end();
  return lines;
}

test("cuts output into lines, however it is chunked", () => {
  const text = "one\ntwö\n\nlast";
  const bytes = [...Buffer.from(text)];
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const byte of bytes) reader.read(Buffer.from([byte]));
  reader.end();
  expect(lines).toEqual(["one", "twö", "", "last"]);
  expect(linesOf(text)).toEqual(lines);
});

test("cuts a line that does not end, so that a program cannot fill the memory of the master", () => {
  const lines = linesOf("x".repeat(200_000), "y\nz\n");
  expect(lines.map(({ length }) => length)).toEqual([65_536, 65_536, 65_536, 3_393, 1]);
});
