// upload.ts
import { createWriteStream } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Body, HttpError, Post, Put, Responder, type Part } from "tricorn";

@Responder("/covers")
export class Covers {
  readonly #folder = mkdtemp(join(tmpdir(), "covers-"));

  /** A form with files. */
  @Post()
  async upload(@Body.multipart({ bytes: 32 * 1024 * 1024 }) parts: AsyncIterable<Part>) {
    for await (const part of parts) {
      if (part.name !== "cover") continue;
      // Never by part.filename: that is what the client says.
      await pipeline(part.stream(), createWriteStream(join(await this.#folder, "cover")));
      return { type: part.type };
    }
    throw new HttpError(400, "The form has no field of the name cover.");
  }

  /** The file alone, as curl -T sends it. */
  @Put("/:id")
  async put(@Body.stream() body: AsyncIterable<Uint8Array>) {
    let bytes = 0;
    for await (const piece of body) bytes += piece.length;
    return { bytes };
  }
}
