import { AbortedError } from "../../errors.js";
import { isInputComplete, type ActiveRequests } from "./active-requests.js";
import type { Application, Refusal } from "./application.js";
import { Role } from "../constants.js";
import type { Exchange } from "./exchange.js";
import type { ApplicationSideLimits } from "../limits.js";
import type { OutputTurns } from "./output-turns.js";
import { abortedByServer, goingAway } from "./refusals.js";
import { awaitRefused, refuse } from "./request-phase.js";
import type { TimeLimits } from "./time-limits.js";

/** The parts of a connection that take part in an early end. */
export interface EarlyEndParts {
  readonly requests: ActiveRequests;
  readonly turns: OutputTurns;
  readonly timeLimits: TimeLimits;
  readonly limits: ApplicationSideLimits;
}

/**
 * Ends requests before their answer is complete: a limit, a time limit, an abort, a closing server, a lost connection.
 * Everything but an abort and a lost connection goes through {@link refuse}.
 */
export class EarlyEnd {
  readonly #application: Application;
  readonly #requests: ActiveRequests;
  readonly #turns: OutputTurns;
  readonly #timeLimits: TimeLimits;
  readonly #limits: ApplicationSideLimits;

  constructor(application: Application, { requests, turns, timeLimits, limits }: EarlyEndParts) {
    this.#application = application;
    this.#requests = requests;
    this.#turns = turns;
    this.#timeLimits = timeLimits;
    this.#limits = limits;
  }

  /** Refuses a request: a handler that has it is given the reason, then the application answers in the way of the role. */
  refuse(exchange: Exchange, refusal: Refusal): void {
    if (refusal.abort !== undefined) this.#abort(exchange, refusal.abort);
    else exchange.phase = refuse(exchange.phase, undefined);
    this.#requests.refused();
    this.#application.refuse(exchange, refusal);
  }

  /** Aborts every request for one reason and answers each at once. */
  refuseAll(reason: AbortedError): void {
    const refusal = goingAway(reason);
    for (const exchange of this.#requests) this.refuse(exchange, refusal);
  }

  /** Refuses what has reached its deadline or waits too long for its body. To be called from time to time. */
  expire(now: number): void {
    const bytes = this.#limits.bufferedPerRequest;
    for (const exchange of this.#requests) {
      const overdue = this.#timeLimits.overdue(exchange, now);
      // A handler that answers without reading its input has no time limit; the unread input would hide that the peer has left.
      if (this.#timeLimits.unread(exchange, { bytes, now }) && exchange.started) exchange.input?.discard();
      if (overdue === undefined) continue;
      if (exchange.aborted !== undefined) this.#endAborted(exchange);
      else this.refuse(exchange, overdue());
    }
  }

  /** Section 5.4: the application ends the request as soon as it can; a handler that listens is given a moment. */
  abortedByServer(exchange: Exchange): void {
    if (exchange.aborted !== undefined) return;
    const watched = exchange.watched;
    this.#abort(
      exchange,
      new AbortedError("ERR_ABORTED_BY_SERVER", "Cannot complete request: the Web server aborted it"),
    );
    if (exchange.ended) return;
    if (watched) exchange.phase = awaitRefused(exchange.phase, this.#timeLimits.abortDeadline());
    else this.#endAborted(exchange);
  }

  /**
   * The peer has sent its last byte. Usually it is gone, and incomplete requests stay incomplete: they are aborted. A peer
   * that closed only its sending side still wants its answers, so complete requests get no more than a warning.
   */
  inputEnded(): void {
    if (this.#requests.size === 0) return;
    const reason = disconnected();
    for (const exchange of this.#requests) {
      if (exchange.phase.kind === "params") {
        this.#requests.remove(exchange);
        exchange.detach(reason);
      } else if (isInputComplete(exchange)) {
        exchange.warnOfAbort(reason);
      } else {
        this.#abort(exchange, reason);
      }
    }
  }

  /** The connection is gone, or must be: every request is aborted, and none can be answered. */
  disconnect(reason?: AbortedError): void {
    if (this.#requests.size > 0) this.#detachAll(reason ?? disconnected());
    this.#turns.wakeAll();
  }

  #detachAll(reason: AbortedError): void {
    for (const exchange of this.#requests.removeAll()) {
      this.#application.aborted?.(exchange, reason);
      exchange.detach(reason);
    }
  }

  #abort(exchange: Exchange, reason: AbortedError): void {
    if (exchange.aborted !== undefined) return;
    this.#application.aborted?.(exchange, reason);
    exchange.abort(reason);
    this.#turns.wake(exchange);
  }

  #endAborted(exchange: Exchange): void {
    // The answer is not read; only an authorizer's must not be empty.
    if (exchange.role === Role.Authorizer) this.#application.refuse(exchange, abortedByServer);
    else exchange.end({ applicationStatus: 1 });
  }
}

function disconnected(): AbortedError {
  return new AbortedError(
    "ERR_ABORTED_DISCONNECT",
    "Cannot complete request: the Web server closed the connection",
  );
}
