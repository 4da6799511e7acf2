// FastCGI as a fuzzer needs it: a reader that trusts nothing, and records of which every field may be wrong. Kept apart
// from src/ on purpose.

/** Record types by their names in section 8. */
export { Type } from "../../support/records.js";

/** A record as it stood on the wire. */
export interface WireRecord {
  readonly version: number;
  readonly type: number;
  readonly id: number;
  readonly content: Buffer;
  readonly padding: Buffer;
  readonly reserved: number;
}

/** What bytes were: their records up to where they cannot be read any further, and what is left there. */
export interface Reading {
  readonly records: readonly WireRecord[];
  /** The bytes of a record that was cut, or of one of another version. */
  readonly rest: Buffer;
}

/**
 * Cuts bytes into records (section 3.3). `until` tells whether a record counts as soon as its content is there, or only
 * with its padding.
 */
export function readRecords(bytes: Buffer, until: "content" | "padding" = "padding"): Reading {
  const records: WireRecord[] = [];
  let at = 0;
  while (bytes.length - at >= 8 && bytes[at] === 1) {
    const start = at + 8;
    const length = bytes[at + 4]! * 256 + bytes[at + 5]!;
    const end = start + length + bytes[at + 6]!;
    if ((until === "content" ? start + length : end) > bytes.length) break;
    records.push({
      version: 1,
      type: bytes[at + 1]!,
      id: bytes[at + 2]! * 256 + bytes[at + 3]!,
      content: bytes.subarray(start, start + length),
      padding: bytes.subarray(start + length, end),
      reserved: bytes[at + 7]!,
    });
    at = Math.min(end, bytes.length);
  }
  return { records, rest: bytes.subarray(at) };
}

/** The pairs of a block (section 3.4), or undefined where it ends inside one. */
export function readPairs(block: Buffer): [name: string, value: string][] | undefined {
  const pairs: [string, string][] = [];
  let at = 0;
  const length = (): number => {
    const first = block[at++] ?? Number.NaN;
    if (!(first >= 128)) return first;
    const rest = [block[at++], block[at++], block[at++]].map((byte) => byte ?? Number.NaN);
    return (first - 128) * 2 ** 24 + rest[0]! * 2 ** 16 + rest[1]! * 2 ** 8 + rest[2]!;
  };
  while (at < block.length) {
    const name = length();
    const value = length();
    const end = at + name + value;
    if (!(end <= block.length)) return undefined;
    pairs.push([block.toString("latin1", at, at + name), block.toString("latin1", at + name, end)]);
    at = end;
  }
  return pairs;
}

/** A record that is to be sent, in which anything may be wrong. */
export interface Draft {
  version: number;
  type: number;
  id: number;
  content: Buffer;
  padding: number;
  /** What the header claims as length of the content; the truth if left out. */
  claimed?: number;
}

/** A record as it should be. */
export function draft(type: number, id: number, content: Uint8Array | string = "", padding = 0): Draft {
  return { version: 1, type, id, content: Buffer.from(content), padding };
}

/** The bytes of a record; padding and the reserved byte are filled with what nobody may look at. */
export function writeDraft({ version, type, id, content, padding, claimed = content.length }: Draft): Buffer {
  const bytes = Buffer.alloc(8 + content.length + padding, 0xaa);
  bytes.set([version, type, id >> 8, id & 0xff, claimed >> 8, claimed & 0xff, padding]);
  content.copy(bytes, 8);
  return bytes;
}
