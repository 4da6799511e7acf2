import { locatePair, type PairPosition } from "../protocol/name-value.js";

/** A name-value pair, or a line of a header block, and where it is in its stream. */
export interface LocatedPair {
  readonly name: Buffer;
  readonly value: Buffer;
  readonly start: number;
  readonly valueStart: number;
}

/** What could be decoded of the beginning of a stream. */
export interface Decoded {
  readonly pairs: readonly LocatedPair[];
  /** Where that ends. */
  readonly end: number;
}

/** Name-value pairs (section 3.4), up to the first that is not whole. */
export function pairsIn(bytes: Buffer): Decoded {
  const position: PairPosition = { name: 0, value: 0, end: 0 };
  const pairs: LocatedPair[] = [];
  let at = 0;
  while (locatePair(bytes, at, position)) {
    const { name, value, end } = position;
    pairs.push({
      name: bytes.subarray(name, value),
      value: bytes.subarray(value, end),
      start: at,
      valueStart: value,
    });
    at = end;
  }
  return { pairs, end: at };
}

const LF = 0x0a;
const CR = 0x0d;
const BLANKS = new Set([0x20, 0x09]);

/**
 * The lines of a CGI header block (RFC 3875, section 6), for display: a line without a colon is a name without a value. The block
 * ends with a blank line, or with the bytes.
 */
export function headIn(bytes: Buffer): Decoded {
  const pairs: LocatedPair[] = [];
  let at = 0;
  while (at < bytes.length) {
    const feed = bytes.indexOf(LF, at);
    const next = feed < 0 ? bytes.length : feed + 1;
    let end = feed < 0 ? bytes.length : feed;
    if (end > at && bytes[end - 1] === CR) end -= 1;
    if (end === at) return { pairs, end: next };
    const colon = bytes.indexOf(":", at);
    const nameEnd = colon < 0 || colon > end ? end : colon;
    let valueStart = Math.min(nameEnd + 1, end);
    while (valueStart < end && BLANKS.has(bytes[valueStart]!)) valueStart += 1;
    pairs.push({
      name: bytes.subarray(at, nameEnd),
      value: bytes.subarray(valueStart, end),
      start: at,
      valueStart,
    });
    at = next;
  }
  return { pairs, end: at };
}
