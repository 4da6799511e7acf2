import type { WebServerSide } from "../protocol/web-server-side.js";
import { after } from "./after.js";
import { ClientError } from "./client-error.js";
import { mergeValues, VALUE_NAMES, type Values } from "./values.js";

/**
 * Milliseconds until GET_VALUES is sent again. libfcgi 2.4.2, and thus FCGI.pm, answers it only when the next record
 * arrives.
 */
const ASK_AGAIN = 250;
/** Milliseconds for the rest of a result whose first record does not have all values. */
const REST = 100;

/** Reports the end of a {@link ValuesQuestion}. */
export interface ValuesQuestionListener {
  /** It has a result, or failed. */
  settled(): void;
  /** It failed because no result arrived in time; called after {@link settled}. */
  expired(): void;
}

/**
 * One GET_VALUES for all names of the specification (section 4.1) and its result. The result is complete after a record with all
 * names, an empty record, or a pause.
 */
export class ValuesQuestion {
  /** The values; empty if the application does not know GET_VALUES. */
  readonly result: Promise<Values>;
  readonly #side: WebServerSide;
  readonly #listener: ValuesQuestionListener;
  readonly #timers: (NodeJS.Timeout | undefined)[] = [];
  #known: Values = new Map();
  #state: "asked" | "partial" | "settled" = "asked";
  #resolve!: (values: Values) => void;
  #reject!: (error: ClientError) => void;

  constructor(side: WebServerSide, timeout: number, listener: ValuesQuestionListener) {
    this.#side = side;
    this.#listener = listener;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#ask();
    this.#timers.push(
      after(ASK_AGAIN, () => this.#ask()),
      after(timeout, () => this.#expire(timeout)),
    );
  }

  /** There will be no result. */
  fail(error: ClientError): void {
    if (this.#settle()) this.#reject(error);
  }

  #ask(): void {
    if (this.#state === "asked") this.#side.getValues(VALUE_NAMES, (values) => this.#received(values));
  }

  #received(values: Values | undefined): void {
    this.#known = mergeValues(this.#known, values);
    if (values === undefined || values.size === 0 || this.#known.size === VALUE_NAMES.length) {
      this.#complete();
    } else if (this.#state === "asked") {
      this.#state = "partial";
      this.#timers.push(after(REST, () => this.#complete()));
    }
  }

  #complete(): void {
    if (this.#settle()) this.#resolve(this.#known);
  }

  #expire(timeout: number): void {
    const fact = `no answer within ${timeout} ms`;
    this.fail(new ClientError("ERR_CLIENT_TIMEOUT", `Cannot get values: ${fact}`));
    this.#listener.expired();
  }

  /** Returns false if it was settled before. */
  #settle(): boolean {
    if (this.#state === "settled") return false;
    this.#state = "settled";
    for (const timer of this.#timers) clearTimeout(timer);
    this.#listener.settled();
    return true;
  }
}
