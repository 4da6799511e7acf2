import { isAscii } from "node:buffer";

const MARK = "\ufeff";
/** The longest line, so that a file without line ends is not collected as a whole. */
const MAX_LINE_LENGTH = 1024 * 1024;

/**
 * Yields the lines of a byte stream as UTF-8 text, without their ends (LF or CRLF). The last line may have no end.
 *
 * @throws RangeError for a line of more than 1,048,576 characters
 */
export function lines(source: AsyncIterable<Uint8Array>): AsyncIterableIterator<string, void, undefined> {
  return new Lines(source);
}

type Result = IteratorResult<string, void>;

/** Not a generator: so a line of text that has arrived costs one promise. A file has many. */
class Lines implements AsyncIterableIterator<string, void, undefined> {
  readonly #texts: AsyncGenerator<string, void, undefined>;
  /** The text that is being split, from `#start` on. */
  #text = "";
  #start = 0;
  /** A line whose end has not come. It is searched only once: a long line may come in many small chunks. */
  #rest = "";
  #reading: Promise<Result> | undefined;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#texts = decoded(source);
  }

  next(): Promise<Result> {
    // Calls that do not wait for each other are answered in order.
    if (this.#reading !== undefined) return this.#reading.then(this.#again, this.#again);
    const line = this.#take();
    return line === undefined ? this.#read() : Promise.resolve({ done: false, value: line });
  }

  async return(): Promise<Result> {
    await this.#texts.return();
    this.#text = this.#rest = "";
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #again = (): Promise<Result> => this.next();

  #read(): Promise<Result> {
    return (this.#reading = this.#nextLine().finally(() => {
      this.#reading = undefined;
    }));
  }

  async #nextLine(): Promise<Result> {
    for (;;) {
      if (this.#rest.length > MAX_LINE_LENGTH) {
        await this.#texts.return();
        throw new RangeError(`Cannot read line: it is longer than ${MAX_LINE_LENGTH} characters`);
      }
      const { done, value: text } = await this.#texts.next();
      if (done === true) break;
      this.#text = text;
      this.#start = 0;
      const line = this.#take();
      if (line !== undefined) return { done: false, value: line };
    }
    const last = this.#rest;
    this.#rest = "";
    return last === "" ? { done: true, value: undefined } : { done: false, value: last };
  }

  /** The next line of the text; undefined if its end has not come. */
  #take(): string | undefined {
    const feed = this.#text.indexOf("\n", this.#start);
    if (feed < 0) {
      this.#rest += this.#text.slice(this.#start);
      this.#text = "";
      this.#start = 0;
      return undefined;
    }
    const found = this.#text.slice(this.#start, feed);
    this.#start = feed + 1;
    const line = this.#rest === "" ? found : this.#rest + found;
    this.#rest = "";
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}

/** The text of each chunk, without a byte order mark at the start of the file. */
async function* decoded(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let hasBegun = false;
  /** Whether the decoder holds no part of a character. */
  let isEmpty = true;
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    if (isEmpty && isAscii(chunk)) {
      hasBegun = true;
      // The decoder of Node.js 20 takes ten times as long.
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
      continue;
    }
    // The decoder of Node.js 24 and 26 also drops a mark that follows half a character.
    decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
    const text = decoder.decode(chunk, { stream: true });
    isEmpty = chunk[chunk.length - 1]! < 0x80;
    yield !hasBegun && text.startsWith(MARK) ? text.slice(1) : text;
    hasBegun ||= text !== "";
  }
  if (decoder !== undefined) yield decoder.decode();
}
