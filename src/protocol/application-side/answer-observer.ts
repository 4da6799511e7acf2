/** Observes one request: what is sent for it, and what the application decides. No method may throw. */
export interface AnswerObserver {
  /** No other request of any process of this machine has it. */
  readonly id: string;
  /** What handles the request, for logs: `GET /books/:id`. */
  route: string | undefined;
  /** The answer depends on this promise from now on. */
  waits(promise: object): void;
  /** The header block is sent. */
  head(text: string): void;
  /** So many bytes of the body are sent. */
  sent(bytes: number): void;
  /** An authorizer has decided. */
  decided(isAllowed: boolean): void;
  /** A limit, a rule, a time limit or an abort has refused the request. */
  refused(code: string): void;
  /** The answer has begun and cannot be completed: it breaks off. */
  brokenOff(): void;
  /** The handler has failed. */
  failed(error: unknown): void;
}
