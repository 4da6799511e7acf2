import type { AnswerWriter } from "./answer-writer.js";
import { Params } from "./params.js";
import { RecordReader, type RecordSink, type RequestReader } from "./record-reader.js";
import { RecordWriter } from "./record-writer.js";
import { ScgiReader, scgiParams } from "./scgi-reader.js";
import { ScgiWriter } from "./scgi-writer.js";

/** How a connection carries requests and answers. */
export interface Framing {
  readonly name: "FastCGI" | "SCGI";
  /** Whether a connection ends with its first request. */
  readonly isSingle: boolean;
  /** Makes the reader of a connection. */
  reader(sink: RecordSink): RequestReader;
  /** Makes the writer of a connection. */
  writer(): AnswerWriter;
  /**
   * Decodes a whole block of PARAMS.
   *
   * @throws ProtocolError if it is malformed
   */
  params(block: Buffer): Params;
}

/** Records (section 3.3). */
export const fastCgi: Framing = {
  name: "FastCGI",
  isSingle: false,
  reader: (sink) => new RecordReader(sink),
  writer: () => new RecordWriter(),
  params: (block) => new Params(block),
};

/** A netstring of headers and a body, and an answer that ends with the connection: https://python.ca/scgi/protocol.txt */
export const scgi: Framing = {
  name: "SCGI",
  isSingle: true,
  reader: (sink) => new ScgiReader(sink),
  writer: () => new ScgiWriter(),
  params: scgiParams,
};

/** The framing of an address. */
export function framingOf({ protocol }: { readonly protocol?: "scgi" | undefined }): Framing {
  return protocol === "scgi" ? scgi : fastCgi;
}
