import type { Application, Refusal } from "./application.js";
import type { ApplicationSideHost } from "./application-side-host.js";
import { Role } from "../constants.js";
import type { Exchange } from "./exchange.js";
import { lateHandler, lateParams, stalledBody } from "./refusals.js";
import { awaitAnswer, deadlineOf } from "./request-phase.js";

/** How long the phases of a request may take, in ms. */
export interface ApplicationSideTimes {
  /** From BEGIN_REQUEST to the end of PARAMS. */
  readonly params: number;
  /** For the next piece of a body that a handler waits for. */
  readonly body: number;
  /** For a handler that listens, from ABORT_REQUEST to END_REQUEST. */
  readonly abortGrace: number;
}

/** The slowest upload that extends the time limit of a handler, in bytes per ms; Apache's mod_reqtimeout has the same. */
const MIN_BODY_RATE = 0.5;

/**
 * Decides the deadlines that the phases of a connection's requests carry. No timer runs: {@link overdue} is asked from time
 * to time.
 *
 * The clock is read once for a request that comes in one chunk: its reading holds until something runs that may take time.
 */
export class TimeLimits {
  readonly #application: Application;
  readonly #host: ApplicationSideHost;
  readonly #times: ApplicationSideTimes;
  /** The last reading of the clock in this chunk; NaN if time may have passed since. */
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

  /** When the PARAMS of a request that begins now must have ended. */
  paramsDeadline(): number {
    return this.now() + this.#times.params;
  }

  /** When the answer of a request that is dispatched in a role must have begun. */
  answerDeadline(role: number): number {
    const deadline = this.now() + this.#application.timeLimit(role);
    // The handler runs next.
    this.timePassed();
    return deadline;
  }

  /** Until when the handler of an aborted request may still answer. */
  abortDeadline(): number {
    return this.#host.now() + this.#times.abortGrace;
  }

  /**
   * A handler cannot answer before it has what it reads, so an upload extends its time limit: never beyond twice that limit
   * from now, because a fast upload must not buy hours for a handler that hangs. An authorizer reads nothing, so an upload
   * extends nothing for it.
   */
  allowForUpload(exchange: Exchange, bytes: number): void {
    const { phase, role } = exchange;
    if (phase.kind !== "dispatched" || role === Role.Authorizer) return;
    const latest = this.#host.now() + 2 * this.#application.timeLimit(role);
    const wanted = phase.deadline + bytes / MIN_BODY_RATE;
    exchange.phase = awaitAnswer(phase, Math.max(phase.deadline, Math.min(wanted, latest)));
  }

  /** Makes the refusal of a request that is overdue; undefined if it is not. */
  overdue(exchange: Exchange, now: number): (() => Refusal) | undefined {
    const { phase, input } = exchange;
    const stalled = input !== undefined && input.starvedSince(now) <= now - this.#times.body;
    if (now < deadlineOf(phase) && !stalled) return undefined;
    if (phase.kind === "params") return lateParams;
    return stalled ? stalledBody : lateHandler;
  }

  /** Whether `bytes` of input or more have waited longer than a body may stall, and none was read. */
  unread({ input }: Exchange, { bytes, now }: { readonly bytes: number; readonly now: number }): boolean {
    return input !== undefined && input.unreadSince(now, bytes) <= now - this.#times.body;
  }

  /** The last reading of the clock, or a new one if time may have passed since. */
  now(): number {
    if (Number.isNaN(this.#read)) this.#read = this.#host.now();
    return this.#read;
  }
}
