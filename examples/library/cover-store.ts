import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { HttpError, singleton, type OnStart, type OnStop } from "tricorn";

/** The largest cover, in bytes. */
export const COVER_LIMIT = 32 * 1024 * 1024;

/** A cover image in the store. */
export interface Cover {
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly path: string;
}

/** Cover images in a temporary folder, which is removed when the application stops. */
@singleton()
export class CoverStore implements OnStart, OnStop {
  readonly #covers = new Map<number, Cover>();
  #folder = "";

  async onStart(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), "tricorn-covers-"));
  }

  async onStop(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  find(bookId: number): Cover | undefined {
    return this.#covers.get(bookId);
  }

  read(cover: Cover): Readable {
    return createReadStream(cover.path);
  }

  /**
   * Writes the image to disk as it arrives; never more than {@link COVER_LIMIT}.
   *
   * @throws HttpError 413 if it is larger, 415 if it is not an image that browsers show
   */
  async save(bookId: number, image: AsyncIterable<Uint8Array>): Promise<Cover> {
    const path = join(this.#folder, randomUUID());
    try {
      await pipeline(image, limit, createWriteStream(path, { flags: "wx", mode: 0o600 }));
      const type = imageType(await firstBytes(path, 12));
      if (!type) throw new HttpError(415, "A cover is a PNG, JPEG, WebP or GIF image");
      const cover = { type, size: (await stat(path)).size, path };
      const previous = this.#covers.get(bookId);
      this.#covers.set(bookId, cover);
      if (previous) await rm(previous.path, { force: true });
      return cover;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }
}

async function* limit(image: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of image) {
    size += chunk.length;
    if (size > COVER_LIMIT) throw new HttpError(413, `A cover has at most ${COVER_LIMIT} bytes`);
    yield chunk;
  }
}

async function firstBytes(path: string, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Checks the bytes: a client's type for its file is only a claim. */
function imageType(start: Buffer): string | undefined {
  const text = start.toString("latin1");
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (text.startsWith("GIF87a") || text.startsWith("GIF89a")) return "image/gif";
  if (text.startsWith("RIFF") && text.slice(8) === "WEBP") return "image/webp";
  return undefined;
}
