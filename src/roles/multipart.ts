import type { BusboyFileStream, BusboyInstance } from "@fastify/busboy";

import { InputStream } from "../protocol/input-stream.js";
import { HttpError } from "./http-error.js";
import { DEFAULT_COLLECTED_BYTES, type InputReader } from "./input-reader.js";
import { Part } from "./part.js";

/** The most that is taken of a multipart body. */
export interface MultipartLimits {
  /** Bytes of the whole body; 64 MiB if left out. */
  readonly bytes?: number | undefined;
  /** Parts; 1000 if left out. */
  readonly parts?: number | undefined;
  /** Bytes of one part that is collected in memory by its `bytes()` or `text()`; 1 MiB if left out. */
  readonly partBytes?: number | undefined;
  /** Bytes of a part's name, and of its file name; 1024 if left out. */
  readonly nameBytes?: number | undefined;
  /** Header fields of one part; further ones are not looked at. 32 if left out. */
  readonly headerPairs?: number | undefined;
}

/** How to read the parts of a body. */
export interface MultipartOptions {
  /** The boundary parameter of the Content-Type; undefined where it has none. */
  readonly boundary: string | undefined;
  readonly limits?: MultipartLimits | undefined;
}

const DEFAULT_BYTES = 64 * 1024 * 1024;
const DEFAULT_PARTS = 1000;
const DEFAULT_NAME_BYTES = 1024;
const DEFAULT_HEADER_PAIRS = 32;

/** All header fields of one part together. */
const HEADER_BYTES = 16 * 1024;

/** RFC 2046 allows 70 characters of a smaller set; what clients really send stays within this, and within a quoted string. */
const BOUNDARY = /^(?=.*[^ ]$)[ !#-[\]-~]{1,200}$/;

/** Reads a body as multipart/form-data, part by part. Errors as told at `RequestBody.multipart`. */
export async function* readParts(
  body: InputReader,
  { boundary, limits = {} }: MultipartOptions,
): AsyncGenerator<Part, void, undefined> {
  const { bytes = DEFAULT_BYTES } = limits;
  body.admit(body.length ?? 0, bytes);
  if (boundary === undefined || !BOUNDARY.test(boundary)) {
    throw malformed("its Content-Type has no usable boundary");
  }
  const parser = new PartParser(await openBusboy(boundary, limits), limits);
  // It never rejects: all that goes wrong is told through the parser.
  void feed(parser, body, bytes);
  try {
    for (let part = await parser.next(); part !== undefined; part = await parser.next()) yield part;
  } finally {
    parser.stop();
    body.discard();
  }
}

/** Most applications take no such form, so the library is loaded when the first one comes. */
async function openBusboy(
  boundary: string,
  { parts = DEFAULT_PARTS, headerPairs = DEFAULT_HEADER_PAIRS }: MultipartLimits,
): Promise<BusboyInstance> {
  const { Busboy } = await import("@fastify/busboy");
  return new Busboy({
    headers: { "content-type": `multipart/form-data; boundary="${boundary}"` },
    isPartAFile: () => true,
    preservePath: true,
    highWaterMark: Number.MAX_SAFE_INTEGER,
    fileHwm: Number.MAX_SAFE_INTEGER,
    limits: { parts, headerPairs, headerSize: HEADER_BYTES },
  });
}

/** Moves the body into the parser, which holds it up while parts wait for their reader. */
async function feed(parser: PartParser, body: InputReader, limit: number): Promise<void> {
  try {
    let total = 0;
    for (let piece = await body.next(); piece !== undefined; piece = await body.next()) {
      total += piece.length;
      body.admit(total, limit);
      if (!(await parser.write(piece))) break;
    }
    parser.end();
  } catch (error) {
    parser.fail(error);
  } finally {
    body.discard();
  }
}

/** A part that was found, and how its bytes come. */
interface OpenPart {
  readonly part: Part;
  readonly input: InputStream;
  readonly file: BusboyFileStream;
}

/**
 * Busboy with its events turned into a queue of parts. Every part, field or file, is read as a stream, so that none is
 * held in memory as a whole and none is cut short silently.
 *
 * Busboy is used as a parser only, and what holds the body up is {@link write}: the back-pressure of @fastify/busboy
 * 3.2.6 stalls for ever when the last boundary comes in one piece with 16 KiB of a part that it skips.
 */
class PartParser {
  readonly #busboy: BusboyInstance;
  readonly #limits: MultipartLimits;
  /** Parts that were found and not yet asked for. */
  readonly #found: OpenPart[] = [];
  /** The part that was handed out last. */
  #current: OpenPart | undefined;
  #outcome: { readonly error: unknown } | "finished" | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeFeeder: (() => void) | undefined;

  constructor(busboy: BusboyInstance, limits: MultipartLimits) {
    const { parts = DEFAULT_PARTS } = limits;
    this.#limits = limits;
    this.#busboy = busboy;
    this.#busboy.on("file", (name, file, filename, _encoding, type) =>
      this.#open(file, { name, filename, type }),
    );
    this.#busboy.on("partsLimit", () => {
      this.fail(
        new HttpError(413, `The body has more than ${parts} parts.`, {
          code: "ERR_BODY_TOO_LARGE",
        }),
      );
    });
    this.#busboy.on("error", () => this.fail(malformed("its last boundary is missing")));
    this.#busboy.on("finish", () => this.#settle("finished"));
  }

  /** The next part, or undefined behind the last one; the one before it is dropped as far as it was not read. */
  async next(): Promise<Part | undefined> {
    this.#current?.input.discard();
    this.#current = undefined;
    for (;;) {
      const found = this.#found.shift();
      if (found !== undefined) {
        this.#current = found;
        this.#wakeFeeder?.();
        return found.part;
      }
      if (this.#outcome === "finished") return undefined;
      if (this.#outcome !== undefined) throw this.#outcome.error;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  /** Takes a piece of the body; resolves when another one is wanted, with false when none ever will be. */
  async write(piece: Buffer): Promise<boolean> {
    this.#busboy.write(piece);
    while (this.#outcome === undefined && this.#holds) {
      await new Promise<void>((resolve) => {
        this.#wakeFeeder = resolve;
      });
    }
    return this.#outcome === undefined;
  }

  /** Whether something waits for its reader: a part that was not asked for yet, or bytes of the one that was. */
  get #holds(): boolean {
    if (this.#found.length > 0) return true;
    return (
      this.#current !== undefined && this.#current.input.buffered + this.#current.file.readableLength > 0
    );
  }

  /** The body has ended. */
  end(): void {
    if (this.#outcome === undefined) this.#busboy.end();
  }

  /** The body cannot be read any further: whoever waits for a part, or for the rest of one, gets the error. */
  fail(error: unknown): void {
    if (!this.#settle({ error })) return;
    this.#current?.input.fail(error);
    for (const { input } of this.#found) input.fail(error);
    this.#found.length = 0;
    this.#busboy.destroy();
  }

  /** Nobody asks for a part any more. */
  stop(): void {
    this.#current?.input.discard();
    for (const { input } of this.#found) input.discard();
    this.#found.length = 0;
    this.#settle("finished");
    this.#busboy.destroy();
  }

  #open(file: BusboyFileStream, { name, filename, type }: FoundPart): void {
    // What breaks the file breaks the whole body too, and is told there.
    file.on("error", () => {});
    if (this.#outcome !== undefined) return;
    const { partBytes = DEFAULT_COLLECTED_BYTES, nameBytes = DEFAULT_NAME_BYTES } = this.#limits;
    if (name === undefined) return this.fail(malformed("it has a part without a name"));
    if (!(Buffer.byteLength(name) <= nameBytes) || !(Buffer.byteLength(filename ?? "") <= nameBytes)) {
      return this.fail(malformed(`a name in it is longer than ${nameBytes} bytes`));
    }
    const input = new InputStream(() => this.#wakeFeeder?.());
    file.on("data", (piece: Buffer) => input.push(piece));
    file.on("end", () => input.end());
    const part = new Part(input, { name, filename, type, limit: partBytes });
    this.#found.push({ part, input, file });
    this.#wakeReader?.();
  }

  /** Records how it ended; false where that was known already. */
  #settle(outcome: { readonly error: unknown } | "finished"): boolean {
    if (this.#outcome !== undefined) return false;
    this.#outcome = outcome;
    this.#wakeReader?.();
    this.#wakeFeeder?.();
    return true;
  }
}

/** What Busboy tells of a part, more truthfully than its types do. */
interface FoundPart {
  readonly name: string | undefined;
  readonly filename: string | undefined;
  readonly type: string;
}

function malformed(fact: string): HttpError {
  return new HttpError(400, `The body is not a valid form: ${fact}.`, { code: "ERR_BODY_MULTIPART" });
}
