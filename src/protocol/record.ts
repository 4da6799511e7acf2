import { HEADER_LENGTH, MAX_ALIGNED_CONTENT_LENGTH, VERSION } from "./constants.js";

/** The fields of a record header, without the version (section 3.3). */
export interface RecordHeader {
  readonly type: number;
  /** 0 for management records, else 1 to 65,535. */
  readonly requestId: number;
  /** Bytes of content, 0 to 65,535. */
  readonly contentLength: number;
  /** Bytes of padding after the content, 0 to 255. */
  readonly paddingLength: number;
}

/** Padding bytes that bring a content of this length to a multiple of eight (section 3.3 recommends it). */
export function paddingFor(contentLength: number): number {
  return -contentLength & 7;
}

/** Writes a record header at `offset` and returns the offset after it. The target must have eight bytes left. */
export function writeHeader(target: Uint8Array, offset: number, header: RecordHeader): number {
  target[offset] = VERSION;
  target[offset + 1] = header.type;
  target[offset + 2] = header.requestId >>> 8;
  target[offset + 3] = header.requestId & 0xff;
  target[offset + 4] = header.contentLength >>> 8;
  target[offset + 5] = header.contentLength & 0xff;
  target[offset + 6] = header.paddingLength;
  target[offset + 7] = 0;
  return offset + HEADER_LENGTH;
}

/** One record: its type, its request id and at most 65,535 bytes of content. */
export interface RecordFields {
  readonly type: number;
  readonly requestId: number;
  readonly content: Uint8Array;
}

/** Encodes one record with zeroed padding to a multiple of eight. The content must fit into one record. */
export function encodeRecord({ type, requestId, content }: RecordFields): Buffer {
  const contentLength = content.length;
  if (contentLength > 0xffff) {
    throw new RangeError(`Cannot encode record: content is ${contentLength} bytes, at most 65535 fit`);
  }
  const paddingLength = paddingFor(contentLength);
  const record = Buffer.alloc(HEADER_LENGTH + contentLength + paddingLength);
  record.set(content, writeHeader(record, 0, { type, requestId, contentLength, paddingLength }));
  return record;
}

/** Encodes a piece of a stream in one or more records. An empty piece yields none: it would end the stream. */
export function encodeStream({ type, requestId, content }: RecordFields): Buffer {
  const records: Buffer[] = [];
  for (let start = 0; start < content.length; start += MAX_ALIGNED_CONTENT_LENGTH) {
    records.push(
      encodeRecord({ type, requestId, content: content.subarray(start, start + MAX_ALIGNED_CONTENT_LENGTH) }),
    );
  }
  return records.length === 1 ? records[0]! : Buffer.concat(records);
}
