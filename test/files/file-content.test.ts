import { appendFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";

import { DocumentRoot, type LocatedFile } from "../../src/files/document-root.js";
import type { FileContent } from "../../src/files/file-content.js";
import { folderWith, openFilesBelow } from "../support/folders.js";

const LARGE = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));

async function opened(content: string | Uint8Array): Promise<{ file: FileContent; path: string }> {
  const folder = folderWith({ "a.bin": content });
  const root = await DocumentRoot.open(folder);
  const file = await root.openFile((await root.locate("/a.bin")) as LocatedFile);
  if ("kind" in file) throw new Error(file.kind);
  onTestFinished(() => file.close());
  return { file, path: join(folder, "a.bin") };
}

describe("the content of a file", () => {
  test.each([0, 1, 65_536, 65_537, 200_000])("of %d bytes is read whole, and then ends", async (length) => {
    const whole = LARGE.subarray(0, length);
    const { file } = await opened(whole);
    expect((await buffer(file)).equals(whole)).toBe(true);
    expect(await file.read()).toBeUndefined();
  });

  test.each([
    [0, 0],
    [0, 199_999],
    [1, 65_536],
    [65_535, 131_072],
    [199_999, 199_999],
    [199_998, 999_999],
    [0, -1],
  ])("from byte %d to byte %d is read alone, regardless of earlier reads", async (first, last) => {
    const { file } = await opened(LARGE);
    await file.read();
    const pieces: Buffer[] = [];
    for await (const piece of file.part({ first, last })) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(LARGE.subarray(first, last + 1))).toBe(true);
  });

  test("is read in pieces that do not change", async () => {
    const { file } = await opened(LARGE);
    const first = (await file.read())!;
    const before = Buffer.from(first);
    await file.read();
    expect(first.length).toBeLessThan(LARGE.length);
    expect(first.equals(before)).toBe(true);
  });

  test("has the length it had when opened, although it grows", async () => {
    const { file, path } = await opened("12345");
    appendFileSync(path, "678");
    expect((await buffer(file)).toString()).toBe("12345");
  });

  test("that has become shorter is an error, not an early end", async () => {
    const { file, path } = await opened(LARGE);
    await file.read();
    truncateSync(path, 1000);
    await expect(file.read()).rejects.toMatchObject({
      code: "ERR_FILE_CHANGED",
      message: "Cannot read file: it became shorter than 200000 bytes",
    });
  });

  test("is unchanged until its length or its time changes", async () => {
    const { file, path } = await opened("12345");
    await buffer(file);
    expect(await file.unchanged()).toBe(true);
    writeFileSync(path, "54321");
    expect(await file.unchanged()).toBe(false);
    const other = await opened("12345");
    utimesSync(other.path, 0, 0);
    expect(await other.file.unchanged()).toBe(false);
  });

  test("cannot be checked for changes once closed", async () => {
    const { file, path } = await opened("12345");
    await file.close();
    await file.close();
    expect(await file.unchanged()).toBe(false);
    expect(openFilesBelow(join(path, ".."))).toEqual([]);
    await expect(file.read()).rejects.toMatchObject({ code: "EBADF" });
  });

  test("can be closed while a piece is read", async () => {
    const { file } = await opened(LARGE);
    const [piece] = await Promise.all([file.read(), file.close()]);
    expect(piece!.equals(LARGE.subarray(0, piece!.length))).toBe(true);
  });
});
