import { STATUS_CODES } from "node:http";

import { Reply } from "../roles/reply.js";

/**
 * The answer of an application that was written for another framework. As in node:http, the status may be up to 999, and
 * there may be a reason phrase.
 */
export class AdaptedReply extends Reply {
  #status: number | undefined;
  #reason: string | undefined;

  override get status(): number {
    return this.#status ?? super.status;
  }

  override set status(status: number) {
    if (!Number.isInteger(status) || status < 200 || status > 999)
      throw new RangeError(`Cannot reply with status ${status}: it must be an integer from 200 to 999`);
    this.#status = status;
    this.#reason = undefined;
  }

  override get reason(): string | undefined {
    return this.#reason;
  }

  override copy(): Reply {
    const { body, type, ownHeaders: headers, applicationStatus } = this;
    return new AdaptedReply(body, { type, headers, applicationStatus }).decide(this.status, this.#reason);
  }

  /** Sets status and reason phrase, one byte for each character. The status's standard phrase is dropped. */
  decide(status: number, reason?: string): this {
    this.status = status;
    if (reason !== undefined && reason !== "" && reason !== STATUS_CODES[status]) this.#reason = reason;
    return this;
  }
}
