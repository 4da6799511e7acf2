import { RELOAD_SCRIPT, RELOAD_SCRIPT_AT_ONCE } from "./page-reload.js";

/** How much of a page is searched for its own policy, in bytes: it is in the head. */
const SEARCHED = 64 * 1024;
/** A policy in the page itself, which may refuse the script. */
const OWN_POLICY = /content-security-policy/i;

/** The body of a page with the script at its end. It can be ended before its source is. */
export class HtmlStream implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array>;
  #end: (() => void) | undefined;
  #isEnded = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  /** Ends the page, which then waits for the next program. */
  end(): void {
    this.#isEnded = true;
    this.#end?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const pieces = this.#source[Symbol.asyncIterator]();
    let begin = "";
    for (;;) {
      const next = await this.#nextOf(pieces);
      if (next === undefined || next.done === true) break;
      if (begin.length < SEARCHED) begin += Buffer.from(next.value).toString("latin1").slice(0, SEARCHED);
      yield next.value;
    }
    const script = this.#isEnded ? RELOAD_SCRIPT_AT_ONCE : RELOAD_SCRIPT;
    // The length of the page is announced already: spaces after its end mean nothing.
    yield Buffer.from(OWN_POLICY.test(begin) ? " ".repeat(script.length) : script);
  }

  /** The next piece; undefined if the page is ended first. */
  #nextOf(pieces: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array> | undefined> {
    if (this.#isEnded) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#end = () => resolve(undefined);
      pieces.next().then(resolve, reject);
    });
  }
}
