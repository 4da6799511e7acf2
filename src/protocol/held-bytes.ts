import { Segment, SMALL } from "./segment.js";

/** Bytes that wait in the order in which they came, in as few segments as they fit into. */
export class HeldBytes {
  #segments: Segment[] = [];
  /** How many bytes are held. */
  length = 0;

  /** Adds a copy of a piece. */
  push(piece: Uint8Array): void {
    this.length += piece.length;
    let held = this.#segments.at(-1)?.push(piece) ?? 0;
    while (held < piece.length) {
      const rest = held === 0 ? piece : piece.subarray(held);
      const segment = Segment.for(rest.length);
      this.#segments.push(segment);
      held += segment.push(rest);
    }
  }

  /** Adds a segment, which is released if it is better copied. */
  adopt(segment: Segment): void {
    if (segment.length < SMALL && this.length > 0) {
      this.push(segment.bytes);
      segment.release();
      return;
    }
    this.length += segment.length;
    this.#segments.push(segment);
  }

  /** Takes the next segment; undefined if nothing is held. */
  shift(): Segment | undefined {
    const segment = this.#segments.shift();
    this.length -= segment?.length ?? 0;
    return segment;
  }

  /** Takes everything as one segment. */
  take(): Segment {
    const segments = this.#segments;
    this.#segments = [];
    this.length = 0;
    return Segment.join(segments);
  }

  /** Drops everything. */
  clear(): void {
    for (const segment of this.#segments) segment.release();
    this.#segments.length = 0;
    this.length = 0;
  }
}
