import { ValueName } from "../protocol/constants.js";
import type { WebServerSide } from "../protocol/web-server-side.js";
import { after } from "./after.js";
import { ClientError } from "./client-error.js";
import type { Values } from "./values.js";

/** What a question reports. */
export interface ValuesQuestionListener {
  /** It was answered or has failed. */
  settled(): void;
  /** It has failed because no answer came in time; called behind {@link settled}. */
  expired(): void;
}

/** One GET_VALUES for all names of the specification (section 4.1), and the wait for its answer. */
export class ValuesQuestion {
  /** The values; none where the application does not know GET_VALUES. */
  readonly answer: Promise<Values>;
  readonly #listener: ValuesQuestionListener;
  readonly #timer: NodeJS.Timeout | undefined;
  #reject!: (error: ClientError) => void;

  constructor(side: WebServerSide, timeout: number, listener: ValuesQuestionListener) {
    this.#listener = listener;
    this.answer = new Promise((resolve, reject) => {
      this.#reject = reject;
      side.getValues(Object.values(ValueName), (values) => {
        this.#settle();
        resolve(values ?? new Map());
      });
    });
    this.#timer = after(timeout, () => {
      this.fail(
        new ClientError("ERR_CLIENT_TIMEOUT", `Cannot get values: no answer came within ${timeout} ms`),
      );
      listener.expired();
    });
  }

  /** No answer will come. */
  fail(error: ClientError): void {
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#listener.settled();
  }
}
