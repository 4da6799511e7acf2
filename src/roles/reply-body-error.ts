import { TricornError } from "../errors.js";

/** A handler gave something that has no form on the wire. */
export class ReplyBodyError extends TricornError {
  readonly #fact: string;

  /** @param fact what is wrong with the body, and the cure */
  constructor(fact: string, cause?: unknown) {
    super("ERR_REPLY_BODY", `Cannot reply: ${fact}`, { fault: "local", cause });
    this.#fact = fact;
  }

  /** Says whose reply it is: `BookController.show`. */
  attribute(handler: string): void {
    const { message, stack } = this;
    this.message = `Cannot reply for ${handler}: ${this.#fact}`;
    if (stack !== undefined) this.stack = stack.replace(message, () => this.message);
  }
}
