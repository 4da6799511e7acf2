import { InputStream } from "../protocol/input-stream.js";
import { HttpError } from "../http/http-error.js";
import { DEFAULT_COLLECTED_BYTES, type InputReader } from "./input-reader.js";
import { MultipartParser, type PartSink } from "./multipart-parser.js";
import { malformedForm, type PartHeader } from "./part-header.js";
import { Part } from "./part.js";

/** Limits of a multipart body. */
export interface MultipartLimits {
  /** Bytes of the whole body; 64 MiB by default. */
  readonly bytes?: number | undefined;
  /** Parts; 1000 by default. */
  readonly parts?: number | undefined;
  /** Bytes of one part that `bytes()` or `text()` collects in memory; 1 MiB by default. */
  readonly partBytes?: number | undefined;
  /** Bytes of a part's name, and of its file name; 1024 by default. */
  readonly nameBytes?: number | undefined;
  /** Header fields of one part; 32 by default. */
  readonly headerPairs?: number | undefined;
}

/** How to read the parts of a body. */
export interface MultipartOptions {
  /** The boundary parameters of the Content-Type, of which there must be exactly one. */
  readonly boundaries: readonly string[];
  readonly limits?: MultipartLimits | undefined;
}

const DEFAULT_BYTES = 64 * 1024 * 1024;
const DEFAULT_PARTS = 1000;
const DEFAULT_NAME_BYTES = 1024;
const DEFAULT_HEADER_PAIRS = 32;

/** The most bytes of one part's header. */
const HEADER_BYTES = 16 * 1024;

/** RFC 2046 allows 70 characters of a smaller set; real clients stay within this one, which fits a quoted string. */
const BOUNDARY = /^(?=.*[^ ]$)[ !#-[\]-~]{1,200}$/;

/** Reads a body as multipart/form-data, part by part. Throws as `RequestBody.multipart`. */
export async function* readParts(
  body: InputReader,
  { boundaries, limits = {} }: MultipartOptions,
): AsyncGenerator<Part, void, undefined> {
  const { bytes = DEFAULT_BYTES } = limits;
  body.admit(body.length ?? 0, bytes);
  const [boundary] = boundaries;
  // With two boundaries the body would have two readings.
  if (boundary === undefined || boundaries.length > 1 || !BOUNDARY.test(boundary))
    throw malformedForm("its Content-Type has no usable boundary");
  const parts = new PartQueue(boundary, limits);
  // Never rejects: errors go through the queue.
  void feed(parts, body, bytes);
  try {
    for (let part = await parts.next(); part !== undefined; part = await parts.next()) yield part;
  } finally {
    parts.stop();
    body.discard();
  }
}

/** Moves the body into the queue, which applies back-pressure while parts wait for their reader. */
async function feed(parts: PartQueue, body: InputReader, limit: number): Promise<void> {
  try {
    let total = 0;
    for (let segment = await body.lend(); segment !== undefined; segment = await body.lend()) {
      try {
        total += segment.length;
        body.admit(total, limit);
        parts.write(segment.bytes);
      } finally {
        segment.release();
      }
      if (!(await parts.ready())) break;
    }
    parts.close();
  } catch (error) {
    parts.fail(error);
  } finally {
    body.discard();
  }
}

/** A part and the input that its bytes are pushed to. */
interface OpenPart {
  readonly part: Part;
  readonly input: InputStream;
}

/**
 * The queue of parts between the parser and the reader. Every part, field or file, is a stream, so that none is held in memory
 * as a whole and none is truncated silently.
 */
class PartQueue implements PartSink {
  readonly #parser: MultipartParser;
  readonly #limits: MultipartLimits;
  /** Parts that were found; those from index `#taken` on were not yet returned. */
  readonly #found: OpenPart[] = [];
  #taken = 0;
  #count = 0;
  /** The input of the part that is being parsed. */
  #open: InputStream | undefined;
  /** The part that was returned last. */
  #current: OpenPart | undefined;
  #outcome: { readonly error: unknown } | "finished" | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeFeeder: (() => void) | undefined;

  constructor(boundary: string, limits: MultipartLimits) {
    const { headerPairs = DEFAULT_HEADER_PAIRS } = limits;
    this.#limits = limits;
    this.#parser = new MultipartParser(boundary, {
      sink: this,
      limits: { fields: headerPairs, bytes: HEADER_BYTES },
    });
  }

  /** Returns the next part, or undefined after the last one. Drops the unread rest of the previous part. */
  async next(): Promise<Part | undefined> {
    this.#current?.input.discard();
    this.#current = undefined;
    for (;;) {
      const found = this.#found[this.#taken];
      if (found !== undefined) {
        this.#taken += 1;
        if (this.#taken === this.#found.length) this.#clearFound();
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

  /** Parses a piece of the body, which is copied. */
  write(piece: Buffer): void {
    if (this.#outcome === undefined) this.#parser.write(piece);
  }

  /** Resolves to true when it can take another piece, or to false if it takes no more. */
  async ready(): Promise<boolean> {
    while (this.#outcome === undefined && this.#holds) {
      await new Promise<void>((resolve) => {
        this.#wakeFeeder = resolve;
      });
    }
    return this.#outcome === undefined;
  }

  /** Whether a part, or bytes of the current part, wait for their reader. */
  get #holds(): boolean {
    return this.#found.length > 0 || (this.#current !== undefined && this.#current.input.buffered > 0);
  }

  /** Ends the body. Throws if it is incomplete. */
  close(): void {
    if (this.#outcome !== undefined) return;
    this.#parser.end();
    this.#finish("finished");
  }

  /** Fails all pending reads of parts with the error. */
  fail(error: unknown): void {
    if (!this.#finish({ error })) return;
    this.#current?.input.fail(error);
    this.#open?.fail(error);
    for (const { input } of this.#found) input.fail(error);
    this.#clearFound();
  }

  /** Drops all parts. */
  stop(): void {
    this.#current?.input.discard();
    this.#open?.discard();
    for (const { input } of this.#found) input.discard();
    this.#clearFound();
    this.#finish("finished");
  }

  begin({ name, filename, type }: PartHeader): void {
    const {
      parts = DEFAULT_PARTS,
      partBytes = DEFAULT_COLLECTED_BYTES,
      nameBytes = DEFAULT_NAME_BYTES,
    } = this.#limits;
    this.#count += 1;
    if (!(this.#count <= parts)) {
      throw new HttpError(413, `The body has more than ${parts} parts.`, { code: "ERR_BODY_TOO_LARGE" });
    }
    if (!(Buffer.byteLength(name) <= nameBytes) || !(Buffer.byteLength(filename ?? "") <= nameBytes))
      throw malformedForm(`a name in it is longer than ${nameBytes} bytes`);
    const input = new InputStream(() => this.#wakeFeeder?.());
    this.#open = input;
    this.#found.push({ part: new Part(input, { name, filename, type, limit: partBytes }), input });
    this.#wakeReader?.();
  }

  content(piece: Buffer): void {
    this.#open?.push(piece);
  }

  end(): void {
    this.#open?.end();
    this.#open = undefined;
  }

  #clearFound(): void {
    this.#found.length = 0;
    this.#taken = 0;
  }

  /** Records the outcome. Returns false if there already was one. */
  #finish(outcome: { readonly error: unknown } | "finished"): boolean {
    if (this.#outcome !== undefined) return false;
    this.#outcome = outcome;
    this.#wakeReader?.();
    this.#wakeFeeder?.();
    return true;
  }
}
