import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { lines } from "../../src/body/lines.js";

async function linesOf(...chunks: readonly (string | Uint8Array)[]): Promise<string[]> {
  async function* source() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const found: string[] = [];
  for await (const line of lines(source())) found.push(line);
  return found;
}

describe("lines", () => {
  test.each<[string[], string[]]>([
    [[], []],
    [[""], []],
    [["a"], ["a"]],
    [["a\n"], ["a"]],
    [["a\n\nb\r\n\r\n"], ["a", "", "b", ""]],
    [
      ["a\r", "\nb\n", "\n"],
      ["a", "b", ""],
    ],
    [["a\rb\n\r"], ["a\rb", "\r"]],
    [["\n"], [""]],
  ])("%j are %j", async (chunks, expected) => {
    expect(await linesOf(...chunks)).toEqual(expected);
  });

  test("do not depend on how the bytes are chunked, characters included", async () => {
    const text = "é中\u{1f600}\r\nline\n\n\u{1f600}";
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(30), { maxLength: 6 }), async (cuts) => {
        const bytes = Buffer.from(text);
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        expect(await linesOf(...chunks)).toEqual(["é中\u{1f600}", "line", "", "\u{1f600}"]);
      }),
    );
  });

  test("a line without an end has a bounded length", async () => {
    await expect(linesOf(...Array.from({ length: 20 }, () => "x".repeat(100_000)))).rejects.toThrow(
      RangeError,
    );
  });
});
