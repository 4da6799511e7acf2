import { RecordType } from "../constants.js";

/**
 * The streams that a Web server is still sending for requests which were answered early. While there is one, closing the
 * connection could reset it and lose the answer.
 */
export class UnfinishedInput {
  /** By request id, the type of the stream whose end is waited for. */
  readonly #streams = new Map<number, number>();

  /** Whether nothing more is known to be on its way. */
  get isEmpty(): boolean {
    return this.#streams.size === 0;
  }

  /** A request has ended before its input did. */
  add(requestId: number, open: { readonly stdin: boolean; readonly data: boolean }): void {
    // DATA comes behind STDIN (section 6.4).
    if (open.data) this.#streams.set(requestId, RecordType.Data);
    else if (open.stdin) this.#streams.set(requestId, RecordType.Stdin);
  }

  /** A record of an inactive request has arrived. */
  see(type: number, requestId: number, content: Buffer): void {
    if (content.length === 0 && this.#streams.get(requestId) === type) this.#streams.delete(requestId);
  }

  /** An id is used again: nothing more is sent for the request that had it. */
  forget(requestId: number): void {
    this.#streams.delete(requestId);
  }
}
