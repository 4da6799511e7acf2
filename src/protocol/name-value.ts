import { ProtocolError } from "../errors.js";

/** A name and a value as text or as bytes; text is encoded as UTF-8. */
export type NameValuePair = readonly [name: string | Uint8Array, value: string | Uint8Array];

/** The longest name or value: lengths above 127 use 31 bits (section 3.4). */
export const MAX_NAME_VALUE_LENGTH = 0x7fff_ffff;

/** Encodes name-value pairs back to back (section 3.4): one length byte up to 127, four above. */
export function encodeNameValuePairs(pairs: Iterable<NameValuePair>): Buffer {
  const parts: Uint8Array[] = [];
  for (const [name, value] of pairs) {
    const nameBytes = typeof name === "string" ? Buffer.from(name) : name;
    const valueBytes = typeof value === "string" ? Buffer.from(value) : value;
    parts.push(encodeLengths(nameBytes.length, valueBytes.length), nameBytes, valueBytes);
  }
  return Buffer.concat(parts);
}

function encodeLengths(nameLength: number, valueLength: number): Buffer {
  const lengths = Buffer.allocUnsafe((nameLength > 127 ? 4 : 1) + (valueLength > 127 ? 4 : 1));
  writePairLength(lengths, valueLength, writePairLength(lengths, nameLength, 0));
  return lengths;
}

/** Writes the length of a name or a value. Returns the offset after it. */
export function writePairLength(target: Buffer, length: number, offset: number): number {
  return length > 127
    ? target.writeUInt32BE((length | 0x8000_0000) >>> 0, offset)
    : target.writeUInt8(length, offset);
}

/** The position of a pair in a block: its name from `name` to `value`, its value from `value` to `end`. */
export interface PairPosition {
  name: number;
  value: number;
  end: number;
}

/**
 * Finds the pair that starts at `offset` and stores its position, or returns false if the block ends inside it. Nothing is
 * allocated: a claimed length is only compared with the size of the block.
 */
export function locatePair(block: Uint8Array, offset: number, position: PairPosition): boolean {
  const length = block.length;
  let at = offset;
  if (at >= length) return false;
  let nameLength = block[at++]!;
  if (nameLength > 127) {
    if (at + 3 > length) return false;
    nameLength = ((nameLength & 0x7f) << 24) | (block[at]! << 16) | (block[at + 1]! << 8) | block[at + 2]!;
    at += 3;
  }
  if (at >= length) return false;
  let valueLength = block[at++]!;
  if (valueLength > 127) {
    if (at + 3 > length) return false;
    valueLength = ((valueLength & 0x7f) << 24) | (block[at]! << 16) | (block[at + 1]! << 8) | block[at + 2]!;
    at += 3;
  }
  position.name = at;
  position.value = at + nameLength;
  position.end = position.value + valueLength;
  return position.end <= length;
}

/**
 * Counts the pairs of a complete block.
 *
 * @throws ProtocolError `ERR_FCGI_NAME_VALUE` if the last pair reaches beyond the block.
 */
export function countPairs(block: Uint8Array): number {
  const position: PairPosition = { name: 0, value: 0, end: 0 };
  let count = 0;
  for (let offset = 0; offset < block.length; offset = position.end) {
    if (!locatePair(block, offset, position)) {
      throw new ProtocolError(
        "ERR_FCGI_NAME_VALUE",
        `Cannot read name-value pairs: pair ${count + 1} reaches beyond the end of its ${block.length} bytes`,
      );
    }
    count += 1;
  }
  return count;
}

/** Decodes a complete block of pairs as text. Throws `ERR_FCGI_NAME_VALUE` if the last pair is cut short. */
export function decodeNameValuePairs(block: Buffer): [name: string, value: string][] {
  countPairs(block);
  const position: PairPosition = { name: 0, value: 0, end: 0 };
  const pairs: [string, string][] = [];
  for (let offset = 0; offset < block.length; offset = position.end) {
    locatePair(block, offset, position);
    pairs.push([
      block.toString("utf8", position.name, position.value),
      block.toString("utf8", position.value, position.end),
    ]);
  }
  return pairs;
}
