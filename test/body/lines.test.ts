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

  test("are those of the decoded text, whatever the bytes are", async () => {
    const someBytes = fc.oneof(
      fc.constantFrom([0xef, 0xbb, 0xbf], [0xe4, 0xb8], [0xf0, 0x9f], [0xc3], [0x0a], [0x0d, 0x0a], [0x61]),
      fc.array(fc.nat(255), { maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(someBytes, { maxLength: 12 }), async (chunks) => {
        const text = new TextDecoder().decode(Buffer.from(chunks.flat()));
        const expected = text
          .split("\n")
          .map((line, index, all) =>
            index < all.length - 1 && line.endsWith("\r") ? line.slice(0, -1) : line,
          );
        if (expected.at(-1) === "") expected.pop();
        expect(await linesOf(...chunks.map((bytes) => Buffer.from(bytes)))).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test("a byte order mark is dropped at the start of the file only", async () => {
    expect(await linesOf("\ufeffa\n", "\ufeffb\n")).toEqual(["a", "\ufeffb"]);
    expect(await linesOf("a\n", "\ufeffb\n")).toEqual(["a", "\ufeffb"]);
  });

  test("answer calls that do not wait for each other in order", async () => {
    async function* source() {
      yield Buffer.from("a\nb\n");
      yield Buffer.from("c\nd");
    }
    const iterator = lines(source());
    const results = await Promise.all(Array.from({ length: 6 }, () => iterator.next()));
    expect(results.map(({ done, value }) => (done === true ? "end" : value))).toEqual([
      "a",
      "b",
      "c",
      "d",
      "end",
      "end",
    ]);
  });

  test("close their source if the loop is left early, and if a line is too long", async () => {
    const closed: string[] = [];
    async function* source(name: string, chunk: string) {
      try {
        for (;;) yield Buffer.from(chunk);
      } finally {
        closed.push(name);
      }
    }
    for await (const line of lines(source("left", "a\nb\n"))) if (line === "b") break;
    await expect(lines(source("long", "x".repeat(100_000))).next()).rejects.toThrow(RangeError);
    expect(closed).toEqual(["left", "long"]);
  });

  test("a line without an end has a bounded length", async () => {
    await expect(linesOf(...Array.from({ length: 20 }, () => "x".repeat(100_000)))).rejects.toThrow(
      RangeError,
    );
  });
});
