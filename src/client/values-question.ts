import type { WebServerSide } from "../protocol/web-server-side.js";
import { after } from "./after.js";
import { ClientError } from "./client-error.js";
import { merged, VALUE_NAMES, type Values } from "./values.js";

/**
 * Milliseconds without an answer until the question is asked again. libfcgi 2.4.2, and FCGI.pm with it, answers GET_VALUES
 * when the next record arrives and not before.
 */
const ASK_AGAIN = 250;
/** Milliseconds for the rest of an answer of which a record has come that does not have all values. */
const REST = 100;

/** What a question reports. */
export interface ValuesQuestionListener {
  /** It was answered or has failed. */
  settled(): void;
  /** It has failed because no answer came in time; called behind {@link settled}. */
  expired(): void;
}

/**
 * One GET_VALUES for all names of the specification (section 4.1), and the wait for its answer: one record, or several
 * until all names are there, or an empty one, or no more come.
 */
export class ValuesQuestion {
  /** The values; none where the application does not know GET_VALUES. */
  readonly answer: Promise<Values>;
  readonly #side: WebServerSide;
  readonly #listener: ValuesQuestionListener;
  readonly #timers: (NodeJS.Timeout | undefined)[] = [];
  #known: Values = new Map();
  #state: "asked" | "answered in part" | "settled" = "asked";
  #resolve!: (values: Values) => void;
  #reject!: (error: ClientError) => void;

  constructor(side: WebServerSide, timeout: number, listener: ValuesQuestionListener) {
    this.#side = side;
    this.#listener = listener;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#ask();
    this.#timers.push(
      after(ASK_AGAIN, () => this.#ask()),
      after(timeout, () => this.#expire(timeout)),
    );
  }

  /** No answer will come. */
  fail(error: ClientError): void {
    if (this.#settle()) this.#reject(error);
  }

  #ask(): void {
    if (this.#state === "asked") this.#side.getValues(VALUE_NAMES, (values) => this.#told(values));
  }

  #told(values: Values | undefined): void {
    this.#known = merged(this.#known, values);
    if (values === undefined || values.size === 0 || this.#known.size === VALUE_NAMES.length) {
      this.#complete();
    } else if (this.#state === "asked") {
      this.#state = "answered in part";
      this.#timers.push(after(REST, () => this.#complete()));
    }
  }

  #complete(): void {
    if (this.#settle()) this.#resolve(this.#known);
  }

  #expire(timeout: number): void {
    const fact = `no answer came within ${timeout} ms`;
    this.fail(new ClientError("ERR_CLIENT_TIMEOUT", `Cannot get values: ${fact}`));
    this.#listener.expired();
  }

  /** Whether it was not settled before. */
  #settle(): boolean {
    if (this.#state === "settled") return false;
    this.#state = "settled";
    for (const timer of this.#timers) clearTimeout(timer);
    this.#listener.settled();
    return true;
  }
}
