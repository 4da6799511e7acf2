import type { AbortedError, AbortedErrorCode } from "../errors.js";
import { schemeOf, type Scheme } from "../http/origin.js";
import { parseTraceparent, type TraceContext } from "../http/trace-context.js";
import { roleName } from "../protocol/constants.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import type { AnswerObserver } from "../protocol/application-side/answer-observer.js";
import { nextRequestId } from "./request-id.js";

/** Takes what happens to requests, one method for each event. What it throws is not caught. */
export interface RequestObserver {
  /** A request begins: calls `handle`, once, in a context of its own if it has one. */
  begun?(request: RequestEvent, handle: () => void): void;
  /** The answer depends on this promise from now on. */
  waits?(request: RequestEvent, promise: object): void;
  /** An authorizer has decided: see `decision`. */
  decided?(request: RequestEvent): void;
  /** A handler has failed: see `error`. */
  failed?(request: RequestEvent): void;
  /** The request has ended, for any reason. */
  ended?(request: RequestEvent): void;
}

/** The codes of those aborts that are the Web server's, or its client's. */
const BY_PEER: ReadonlySet<string> = new Set<AbortedErrorCode>([
  "ERR_ABORTED_BY_SERVER",
  "ERR_ABORTED_DISCONNECT",
]);

/** The status in the first line of a header block (RFC 3875, section 6.3.3). */
const STATUS = /^Status: (\d{3})/;

/**
 * One request for those who observe it: the same object in all of its events. It has neither the query nor the params, which
 * may be secret.
 */
export class RequestEvent {
  readonly #exchange: Exchange;
  readonly #begun = performance.now();
  #duration: number | undefined;
  #trace: TraceContext | undefined | null = null;
  #refusal: string | undefined;
  /** No other request of any process of this machine has it. */
  readonly id = nextRequestId();
  /** When it began; ms since 1970. */
  readonly startedAt = Date.now();
  /** What handles it: `GET /books/:id`, or the name of an authorizer or filter; undefined if nothing does. */
  route: string | undefined;
  /** The status of the answer; undefined while there is none, and if it ended without one. */
  status: number | undefined;
  /** What the authorizers have decided; undefined if none was asked. */
  decision: "allow" | "deny" | undefined;
  /** The authorizer that has denied, or the last one that has allowed; undefined if none was asked. */
  authorizer: string | undefined;
  /** The last error of its handler. */
  error: unknown;
  /** Whether its answer broke off because it could not be completed. */
  isBrokenOff = false;
  /** Bytes of the body that were sent. */
  bytesOut = 0;

  constructor(exchange: Exchange, observers: readonly RequestObserver[]) {
    this.#exchange = exchange;
    exchange.observer = new Observation(this, observers);
    exchange.onEnd(() => {
      this.#duration = performance.now() - this.#begun;
      for (const observer of observers) observer.ended?.(this);
    });
  }

  /** `responder`, `authorizer`, `filter`, or the number of another role. A bridge may have changed it. */
  get role(): string {
    return roleName(this.#exchange.role);
  }

  /** The HTTP method. */
  get method(): string {
    return this.#exchange.params.method;
  }

  /** The path of the request target as the client wrote it, without the query. */
  get path(): string {
    const { params } = this.#exchange;
    const target =
      params.get("REQUEST_URI") ?? `${params.get("SCRIPT_NAME") ?? ""}${params.get("PATH_INFO") ?? ""}`;
    return target.split("?", 1)[0]!;
  }

  /** How the client connects to the Web server, as that reports it: "http" or "https". */
  get scheme(): Scheme {
    return schemeOf(this.#exchange.params);
  }

  /** Bytes of STDIN and DATA that have arrived. */
  get bytesIn(): number {
    return this.#exchange.input?.received ?? 0;
  }

  /** Whether it has ended. */
  get hasEnded(): boolean {
    return this.#duration !== undefined;
  }

  /** How long it took, or has taken until now; ms. */
  get duration(): number {
    return this.#duration ?? performance.now() - this.#begun;
  }

  /** Whether its answer has begun, and waits until the Web server takes more of it. */
  get waitsForPeer(): boolean {
    return this.#exchange.started && !this.#exchange.writable;
  }

  /** Why it ended early: an abort, a limit, a lost connection; undefined if it did not. */
  get aborted(): AbortedError | undefined {
    return this.#exchange.aborted;
  }

  /** Whether the Web server has aborted it, or its connection was lost. */
  get isAbortedByPeer(): boolean {
    const { aborted } = this;
    // An answer breaks off by the end of its connection.
    return aborted !== undefined && !this.isBrokenOff && BY_PEER.has(aborted.code);
  }

  /** The code of the limit, the rule or the time limit that has refused it: `ERR_LIMIT_BODY`; undefined if none has. */
  get refused(): string | undefined {
    const { aborted } = this;
    if (aborted !== undefined && BY_PEER.has(aborted.code)) return undefined;
    // A time limit of the connection, and a handler that answers when it is aborted, leave no other code.
    return this.#refusal ?? aborted?.code;
  }

  set refused(code: string | undefined) {
    this.#refusal = code;
  }

  /** The trace that it belongs to, if the client or the Web server sends `traceparent`. */
  get trace(): TraceContext | undefined {
    if (this.#trace === null) this.#trace = parseTraceparent(this.#exchange.params.get("HTTP_TRACEPARENT"));
    return this.#trace;
  }
}

/** Records what happens to an exchange in its event. */
class Observation implements AnswerObserver {
  readonly #event: RequestEvent;
  readonly #observers: readonly RequestObserver[];

  constructor(event: RequestEvent, observers: readonly RequestObserver[]) {
    this.#event = event;
    this.#observers = observers;
  }

  get id(): string {
    return this.#event.id;
  }

  get route(): string | undefined {
    return this.#event.route;
  }

  set route(route: string | undefined) {
    this.#event.route = route;
  }

  head(text: string): void {
    const status = STATUS.exec(text)?.[1];
    if (status !== undefined) this.#event.status = Number(status);
  }

  sent(bytes: number): void {
    this.#event.bytesOut += bytes;
  }

  decided(isAllowed: boolean): void {
    this.#event.decision = isAllowed ? "allow" : "deny";
    this.#event.authorizer = this.#event.route;
    for (const observer of this.#observers) observer.decided?.(this.#event);
  }

  brokenOff(): void {
    this.#event.isBrokenOff = true;
  }

  waits(promise: object): void {
    for (const observer of this.#observers) observer.waits?.(this.#event, promise);
  }

  refused(code: string): void {
    this.#event.refused = code;
  }

  failed(error: unknown): void {
    this.#event.error = error;
    for (const observer of this.#observers) observer.failed?.(this.#event);
  }
}
