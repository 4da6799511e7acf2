import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { InputStream } from "../../src/protocol/input-stream.js";
import { cutAt } from "../support/hex.js";

function stream(): { input: InputStream; consumed: () => number } {
  let bytes = 0;
  return { input: new InputStream((count) => (bytes += count)), consumed: () => bytes };
}

async function textOf(input: InputStream): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of input) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Bytes of memory that views hold, each chunk counted once. */
function held(views: readonly Buffer[]): number {
  return [...new Set(views.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

describe("InputStream", () => {
  test("does not retain chunks that small pieces were cut from", async () => {
    const input = new InputStream(() => {});
    for (let count = 0; count < 100; count += 1) input.push(Buffer.alloc(64 * 1024).subarray(0, 2048));
    input.end();
    const pieces: Buffer[] = [];
    for await (const piece of input) pieces.push(piece);
    expect(held(pieces)).toBeLessThan(8 * 100 * 2048);
  });

  test("yields what has arrived, then what arrives, then the end", async () => {
    const { input, consumed } = stream();
    input.push(Buffer.from("a"));
    input.push(Buffer.from("b"));
    expect([input.buffered, input.received, consumed()]).toEqual([2, 2, 0]);
    expect((await input.read())?.toString()).toBe("ab");
    expect([input.buffered, input.received, consumed()]).toEqual([0, 2, 2]);
    const next = input.read();
    input.push(Buffer.from("c"));
    expect((await next)?.toString()).toBe("c");
    expect(consumed()).toBe(3);
    const last = input.read();
    input.end();
    expect(await last).toBeUndefined();
    expect(await input.read()).toBeUndefined();
  });

  test("keeps the order of small and large pieces", async () => {
    const { input } = stream();
    const large = "L".repeat(5000);
    for (const piece of ["1", large, "2", "3", large, "4"]) input.push(Buffer.from(piece));
    input.end();
    expect(await textOf(input)).toBe(`1${large}23${large}4`);
  });

  test("returns everything at once after its end, and not before", () => {
    const { input, consumed } = stream();
    input.push(Buffer.from("ab"));
    expect(input.lendWhole()).toBeUndefined();
    input.push(Buffer.alloc(2000, "x"));
    input.end();
    expect(input.lendWhole()?.own()).toEqual(Buffer.concat([Buffer.from("ab"), Buffer.alloc(2000, "x")]));
    expect([input.buffered, consumed()]).toEqual([0, 2002]);
    expect(input.lendWhole()).toHaveLength(0);
  });

  test("fails the waiting reader and every later one, and drops what is buffered", async () => {
    const { input, consumed } = stream();
    const reason = new Error("gone");
    const waiting = input.read();
    input.fail(reason);
    await expect(waiting).rejects.toBe(reason);
    input.push(Buffer.from("abc"));
    await expect(input.read()).rejects.toBe(reason);
    expect([input.buffered, consumed()]).toEqual([0, 3]);
    expect(input.lendWhole()).toBeUndefined();
  });

  test("does not fail if everything was already read", async () => {
    const { input } = stream();
    input.end();
    input.fail(new Error("too late"));
    expect(await input.read()).toBeUndefined();
  });

  test("discards buffered and later input, and releases the reader", async () => {
    const { input, consumed } = stream();
    const waiting = input.read();
    input.discard();
    expect(await waiting).toBeUndefined();
    input.push(Buffer.from("abc"));
    expect([input.buffered, consumed(), input.received]).toEqual([0, 3, 3]);
  });

  test("discards the rest if its consumer stops early", async () => {
    const { input, consumed } = stream();
    input.push(Buffer.alloc(2000));
    input.push(Buffer.alloc(2000));
    for await (const piece of input) {
      expect(piece).toHaveLength(2000);
      break;
    }
    expect(consumed()).toBe(4000);
  });

  test("refuses a second reader while one waits", async () => {
    const { input } = stream();
    const first = input.read();
    await expect(input.read()).rejects.toThrow(TypeError);
    input.end();
    expect(await first).toBeUndefined();
  });
});

test("pieces come out as they went in, and every byte is reported once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1, maxLength: 20_000 }),
      fc.array(fc.nat(), { maxLength: 80 }),
      fc.array(fc.boolean()),
      async (text, cuts, reads) => {
        const { input, consumed } = stream();
        const bytes = Buffer.from(text);
        const out: Buffer[] = [];
        const turns = reads.values();
        for (const piece of cutAt(bytes, cuts)) {
          if (piece.length > 0) input.push(piece);
          if (turns.next().value === true && input.buffered > 0) out.push((await input.read())!);
        }
        input.end();
        for (let piece = await input.read(); piece !== undefined; piece = await input.read()) out.push(piece);
        expect(Buffer.concat(out).equals(bytes)).toBe(true);
        expect([consumed(), input.received, input.buffered]).toEqual([bytes.length, bytes.length, 0]);
      },
    ),
    { numRuns: 50 },
  );
});
