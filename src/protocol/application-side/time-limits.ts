import type { ActiveRequest } from "./active-requests.js";
import type { Application, Refusal } from "./application.js";
import type { ApplicationSideHost } from "./application-side-host.js";
import { Role } from "../constants.js";
import type { Exchange } from "./exchange.js";
import { lateHandler, lateParams, stalledBody } from "./refusals.js";

/** How long the PARAMS of a request may take, the next piece of a body, and an aborted handler to settle; ms. */
export interface ApplicationSideTimes {
  readonly params: number;
  readonly body: number;
  readonly abortGrace: number;
}

/** The slowest upload that the time limit of a handler makes room for, in bytes per ms; Apache's mod_reqtimeout has it too. */
const MIN_BODY_RATE = 0.5;

/**
 * The deadlines of the requests of one connection: each phase of a request sets its own, and the last one is gone when the
 * answer begins. Nothing runs in between; whoever asks from time to time learns what is overdue.
 *
 * The clock is read once for a request that comes in one chunk: what it said holds until something runs that may take time.
 */
export class TimeLimits {
  readonly #application: Application;
  readonly #host: ApplicationSideHost;
  readonly #times: ApplicationSideTimes;
  /** What the clock said last in this chunk; NaN where time may have passed since. */
  #read = Number.NaN;

  constructor(
    application: Application,
    options: { readonly host: ApplicationSideHost; readonly times: ApplicationSideTimes },
  ) {
    this.#application = application;
    this.#host = options.host;
    this.#times = options.times;
  }

  /** Time has passed: bytes have come, or a handler has run. */
  timePassed(): void {
    this.#read = Number.NaN;
  }

  /** The request has begun: PARAMS have to end. */
  awaitParams(exchange: Exchange): void {
    exchange.deadline = this.#now() + this.#times.params;
  }

  /** The request is handled in its role from now on: the answer has to begin. */
  awaitAnswer(exchange: Exchange): void {
    exchange.deadline = this.#now() + this.#application.timeLimit(exchange.role);
    // The handler runs next.
    this.timePassed();
  }

  /**
   * A handler cannot answer before it has what it reads, so an upload that goes on is not held against it. Never beyond
   * twice its limit from now on: a fast upload must not buy hours for a handler that hangs. An authorizer reads nothing,
   * so an upload behind its question buys no time at all.
   */
  allowForUpload(exchange: Exchange, bytes: number): void {
    if (exchange.started || exchange.aborted !== undefined || exchange.role === Role.Authorizer) return;
    const latest = this.#host.now() + 2 * this.#application.timeLimit(exchange.role);
    const wanted = exchange.deadline + bytes / MIN_BODY_RATE;
    exchange.deadline = Math.max(exchange.deadline, Math.min(wanted, latest));
  }

  /** The request was aborted, and its handler has a moment to make something of that. */
  awaitAborted(exchange: Exchange): void {
    exchange.deadline = this.#host.now() + this.#times.abortGrace;
  }

  /** What of a request is overdue, as the refusal that says so; undefined where nothing is. */
  overdue({ exchange, params }: ActiveRequest, now: number): Refusal | undefined {
    const stalled = exchange.starvedSince(now) <= now - this.#times.body;
    if (now < exchange.deadline && !stalled) return undefined;
    if (params !== undefined) return lateParams;
    return stalled ? stalledBody : lateHandler;
  }

  /** Whether `bytes` of input or more have waited for longer than a body may stall, and nobody has read any. */
  unread(exchange: Exchange, { bytes, now }: { readonly bytes: number; readonly now: number }): boolean {
    return exchange.unreadSince(now, bytes) <= now - this.#times.body;
  }

  #now(): number {
    if (Number.isNaN(this.#read)) this.#read = this.#host.now();
    return this.#read;
  }
}
