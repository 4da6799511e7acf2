import { InputStream } from "../../src/protocol/input-stream.js";
import { RequestBody } from "../../src/body/body.js";

/** A body whose bytes have all arrived before it is read. */
export function wholeBody(
  content: string | Uint8Array,
  facts: { contentType?: string; contentLength?: number } = {},
): RequestBody {
  return openBody([content], facts).close().body;
}

/** A body of which some pieces have arrived, and the hand that sends the rest. */
export function openBody(
  pieces: readonly (string | Uint8Array)[] = [],
  { contentType, contentLength }: { contentType?: string; contentLength?: number } = {},
) {
  const consumed = { bytes: 0 };
  const input = new InputStream((bytes) => {
    consumed.bytes += bytes;
  });
  const hand = {
    input,
    /** What has left the stream so far. */
    consumed,
    body: new RequestBody(input, { contentType, contentLength }),
    push(...pieces: readonly (string | Uint8Array)[]) {
      for (const piece of pieces) if (piece.length > 0) input.push(Buffer.from(piece));
      return hand;
    },
    close() {
      input.end();
      return hand;
    },
  };
  return hand.push(...pieces);
}

/** Runs all pending promise reactions and callbacks, and so the consequences of a read. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The error that something asynchronous ends with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("It did not fail.");
}

/** A multipart body with the boundary `XX`. */
export function form(...parts: readonly { head: string; content: string | Uint8Array }[]): Buffer {
  return Buffer.concat([
    ...parts.flatMap(({ head, content }) => [
      Buffer.from(`--XX\r\n${head}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from("\r\n"),
    ]),
    Buffer.from("--XX--\r\n"),
  ]);
}

/** A field of a multipart body. */
export function field(name: string, content: string | Uint8Array) {
  return { head: `Content-Disposition: form-data; name="${name}"`, content };
}

/** A file in a multipart body. */
export function file(name: string, filename: string, content: string | Uint8Array, type = "image/png") {
  return {
    head: `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}`,
    content,
  };
}

/** A browser's Content-Type for these. */
export const formType = "multipart/form-data; boundary=XX";
