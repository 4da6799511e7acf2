import { describe, expect, test } from "vitest";

import { checkedData } from "../../src/body/filter-data.js";
import { takeSource } from "../../src/body/pulled-stream.js";
import { blocks } from "../../src/protocol/block-pool.js";
import { InputStream } from "../../src/protocol/input-stream.js";
import { KeptChunks } from "../support/kept-chunks.js";
import { settled } from "./body-input.js";

const PIECE = 40_000;
const content = Buffer.alloc(3 * PIECE, "0123456789\n");

function arrived(bytes: number): InputStream {
  const input = new InputStream(() => {});
  for (let at = 0; at < bytes; at += PIECE) input.push(content.subarray(at, Math.min(bytes, at + PIECE)));
  input.end();
  return input;
}

/** What a reply reads that passes the file on unseen. */
async function lent(input: InputStream, length: number): Promise<Buffer> {
  const source = takeSource(checkedData(input, length))!;
  const pieces: Buffer[] = [];
  for (let segment = await source.lend?.(); segment !== undefined; segment = await source.lend?.()) {
    pieces.push(Buffer.from(segment.bytes));
    segment.release();
  }
  return Buffer.concat(pieces);
}

async function read(input: InputStream, length: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of checkedData(input, length)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe.each([
  ["read", read],
  ["lent", lent],
])("FCGI_DATA that is %s", (_how, take) => {
  test("arrives whole", async () => {
    const before = blocks.counts.inUse;
    expect((await take(arrived(content.length), content.length)).equals(content)).toBe(true);
    expect(blocks.counts.inUse).toBe(before);
  });

  test.each([
    ["shorter", PIECE, `${PIECE} of ${2 * PIECE} bytes`],
    ["longer", 3 * PIECE, `more than ${2 * PIECE} bytes`],
  ])("fails if it is %s than announced, and holds nothing", async (_what, bytes, fact) => {
    const before = blocks.counts.inUse;
    await expect(take(arrived(bytes), 2 * PIECE)).rejects.toMatchObject({
      code: "ERR_FILTER_DATA",
      message: `Cannot read file: FCGI_DATA has ${fact}`,
    });
    expect(blocks.counts.inUse).toBe(before);
  });
});

test("Chunks of FCGI_DATA keep their content after its end, and share no memory", async () => {
  const kept = new KeptChunks();
  const input = new InputStream(() => {});
  const reading = (async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of kept.of(checkedData(input, content.length))) chunks.push(chunk);
    return chunks;
  })();
  for (let at = 0; at < content.length; at += 5_000) {
    input.push(Buffer.from(content.subarray(at, at + 5_000)));
    if (at % 3 === 0) await settled();
  }
  input.end();
  expect(Buffer.concat(await reading).equals(content)).toBe(true);
  expect(kept.check()).toBeGreaterThan(1);
});
