import { AbortedError, type AbortedErrorCode } from "../../errors.js";
import type { ActiveRequests } from "./active-requests.js";
import type { Application, Refusal } from "./application.js";
import { Role } from "../constants.js";
import type { Exchange } from "./exchange.js";
import type { ApplicationSideLimits } from "../limits.js";
import type { OutputTurns } from "./output-turns.js";
import { abortedByServer } from "./refusals.js";
import type { TimeLimits } from "./time-limits.js";

/** What of a connection takes part in an early end. */
export interface EarlyEndParts {
  readonly requests: ActiveRequests;
  readonly turns: OutputTurns;
  readonly timeLimits: TimeLimits;
  readonly limits: ApplicationSideLimits;
}

/**
 * Every way in which a request of a connection ends before its answer has: the Web server aborts it or is gone, a limit is
 * reached, time is up, the server closes. Whoever handles the request is told first; then it is answered in the way of its
 * role, as long as anybody can read that.
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

  /** Aborts a request for the reason for which it is refused. */
  refuse(
    exchange: Exchange,
    { code, refusal }: { readonly code: AbortedErrorCode; readonly refusal: Refusal },
  ): void {
    this.#abort(exchange, new AbortedError(code, `Cannot complete request: ${refusal.reason}`));
    this.#application.refuse(exchange, refusal);
  }

  /** Section 5.4: the application answers as soon as it can; a handler that listens is given a moment for it. */
  abortedByServer(exchange: Exchange): void {
    if (exchange.aborted !== undefined) return;
    const watched = exchange.watched;
    this.#abort(
      exchange,
      new AbortedError("ERR_ABORTED_BY_SERVER", "Cannot complete request: the Web server aborted it"),
    );
    if (exchange.ended) return;
    if (watched) this.#timeLimits.awaitAborted(exchange);
    else this.#answerAborted(exchange);
  }

  /** Ends what has reached its deadline, or waits in vain for its body. To be called from time to time. */
  expire(now: number): void {
    const bytes = this.#limits.bufferedPerRequest;
    for (const request of this.#requests) {
      const { exchange } = request;
      const overdue = this.#timeLimits.overdue(request, now);
      // A handler that answers without its input has no time limit; unread, that would hide even that the peer has left.
      if (this.#timeLimits.unread(exchange, { bytes, now }) && exchange.started) exchange.discardInput();
      if (overdue === undefined) continue;
      if (exchange.aborted !== undefined) this.#answerAborted(exchange);
      else this.refuse(exchange, { code: "ERR_ABORTED_TIMEOUT", refusal: overdue });
    }
  }

  /** Aborts every request and answers each at once. */
  refuseAll(reason: AbortedError): void {
    for (const { exchange } of this.#requests) {
      this.#abort(exchange, reason);
      this.#application.refuse(exchange, { status: 503, code: reason.code, reason: reason.message });
    }
  }

  /**
   * The peer has sent its last byte. Most are gone then, and requests that are incomplete will stay so. One that only
   * closed its sending side still wants its answers: who is complete is only told.
   */
  inputEnded(): void {
    if (this.#requests.size === 0) return;
    const reason = disconnected();
    for (const request of this.#requests) {
      const { exchange } = request;
      if (request.params !== undefined) {
        this.#requests.remove(exchange.id);
        exchange.detach(reason);
      } else if (request.complete) {
        exchange.warnOfAbort(reason);
      } else {
        this.#abort(exchange, reason);
      }
    }
  }

  /** The connection is gone, or must be: every request is told and none can be answered any more. */
  disconnect(reason?: AbortedError): void {
    if (this.#requests.size > 0) this.#detachAll(reason ?? disconnected());
    this.#turns.wakeAll();
  }

  #detachAll(reason: AbortedError): void {
    for (const { exchange } of this.#requests.removeAll()) {
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

  #answerAborted(exchange: Exchange): void {
    // Nobody reads the answer any more; only an authorizer's must not be empty.
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
