import { ProtocolError } from "../errors.js";
import { locatePair, type PairPosition } from "./name-value.js";

/** Pairs for which the arrays are kept; a block with more gets larger ones. */
const USUAL_PAIRS = 1024;
/** Names of this length or more share a list. */
const LONG_NAME = 128;

/**
 * The positions of the pairs of one block (section 3.4), listed by the length of their names. The list is made while the
 * block is checked, which visits all pairs anyway, in arrays that are reused. The list of another block replaces it, and is
 * made again if needed: most reads of a request come before the next request.
 */
export class PairIndex {
  /** The block that is listed. */
  #block: Uint8Array | undefined;
  /** By the length of a name, the last pair that has one; pairs are numbered from 1, and 0 is none. */
  readonly #last = new Uint32Array(LONG_NAME + 1);
  /** By the number of a pair, the one before it in its list, and its offset. */
  #earlier = new Uint32Array(USUAL_PAIRS);
  #offsets = new Uint32Array(USUAL_PAIRS);
  readonly #position: PairPosition = { name: 0, value: 0, end: 0 };
  /** The pair that was found last. */
  #found = 0;
  /** Where the value starts that was found last. */
  value = 0;
  /** Where that value ends. */
  end = 0;

  /**
   * Checks and lists a block.
   *
   * @returns how many pairs it has
   * @throws ProtocolError `ERR_FCGI_NAME_VALUE` if the last pair reaches beyond the block
   */
  list(block: Uint8Array): number {
    const { length } = block;
    const last = this.#last.fill(0);
    if (this.#offsets.length > USUAL_PAIRS) this.#makeRoom(USUAL_PAIRS);
    let count = 0;
    let offset = 0;
    while (offset < length) {
      let nameLength = block[offset]!;
      let end = length + 1;
      // Most pairs have two lengths of one byte, which are cheapest to read here.
      if (offset + 1 < length && (nameLength | block[offset + 1]!) < 128) {
        end = offset + 2 + nameLength + block[offset + 1]!;
      } else if (locatePair(block, offset, this.#position)) {
        nameLength = Math.min(this.#position.value - this.#position.name, LONG_NAME);
        end = this.#position.end;
      }
      count += 1;
      if (end > length) {
        this.#block = undefined;
        throw new ProtocolError(
          "ERR_FCGI_NAME_VALUE",
          `Cannot read name-value pairs: pair ${count} reaches beyond the end of its ${length} bytes`,
        );
      }
      if (count >= this.#offsets.length) this.#makeRoom(4 * count);
      this.#offsets[count] = offset;
      this.#earlier[count] = last[nameLength]!;
      last[nameLength] = count;
      offset = end;
    }
    this.#block = block;
    return count;
  }

  /** Finds the first pair of this name in a block that was checked; {@link value} and {@link end} are then its value's. */
  findFirst(block: Uint8Array, name: string): boolean {
    if (!this.findLast(block, name)) return false;
    for (let pair = this.#earlier[this.#found]!; pair > 0; pair = this.#earlier[pair]!)
      this.#is(block, pair, name);
    return true;
  }

  /** Finds the last pair of this name, in the same way. */
  findLast(block: Uint8Array, name: string): boolean {
    if (this.#block !== block) this.list(block);
    const { length } = name;
    let pair = this.#last[length < LONG_NAME ? length : LONG_NAME]!;
    while (pair > 0 && !this.#is(block, pair, name)) pair = this.#earlier[pair]!;
    this.#found = pair;
    return pair > 0;
  }

  /** Whether a pair, listed by the length of this name, has it; if so its position is kept. */
  #is(block: Uint8Array, pair: number, name: string): boolean {
    const offset = this.#offsets[pair]!;
    const { length } = name;
    let start = offset + 2;
    let valueLength = block[offset + 1]!;
    if ((block[offset]! | valueLength) > 127) {
      const position = this.#position;
      locatePair(block, offset, position);
      start = position.name;
      if (position.value - start !== length) return false;
      valueLength = position.end - position.value;
    }
    for (let at = 0; at < length; at += 1) if (block[start + at] !== name.charCodeAt(at)) return false;
    this.value = start + length;
    this.end = this.value + valueLength;
    return true;
  }

  #makeRoom(pairs: number): void {
    const [earlier, offsets] = [this.#earlier, this.#offsets];
    this.#earlier = new Uint32Array(pairs);
    this.#offsets = new Uint32Array(pairs);
    if (pairs <= earlier.length) return;
    this.#earlier.set(earlier);
    this.#offsets.set(offsets);
  }
}
