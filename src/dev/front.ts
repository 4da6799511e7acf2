import type { IncomingMessage, ServerResponse } from "node:http";

import type { Arrival } from "../gateway/http-listener.js";
import type { Site } from "../gateway/site.js";
import type { WorkerFailure } from "../supervisor/reports.js";

/** How long a request waits for a program; ms. */
const WAIT_LIMIT = 30_000;
/** Requests that wait for a program at the same time. */
const MOST_WAITING = 1_000;

/** A program is being started. */
interface StartingState {
  readonly kind: "starting";
}

/** A program answers requests. */
interface ServingState {
  readonly kind: "serving";
  readonly site: Site;
}

/** There is none. */
interface FailedState {
  readonly kind: "failed";
  readonly failure: WorkerFailure;
}

type FrontState = StartingState | ServingState | FailedState;

/** A request that has arrived. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly arrival: Arrival;
  readonly since: number;
}

/** What a front answers itself. */
export interface FrontPages {
  /** The program does not run. */
  notRunning(visit: Visit, failure: WorkerFailure): void;
  /** There is no program that could answer. */
  unanswered(visit: Visit, fact: string): void;
  /** Ends a response without a known length whose head was sent. */
  endStream(response: ServerResponse): void;
}

/** The requests of all programs, one after another: those that come between two of them wait for the next one. */
export class Front {
  readonly #pages: FrontPages;
  readonly #active = new Set<Visit>();
  readonly #waiting = new Map<Visit, NodeJS.Timeout>();
  #state: FrontState = { kind: "starting" };
  #finished: (() => void) | undefined;

  constructor(pages: FrontPages) {
    this.#pages = pages;
  }

  /** The requests that a program has and has not answered. */
  get active(): readonly Visit[] {
    return [...this.#active];
  }

  /** Takes a request. */
  take(request: IncomingMessage, response: ServerResponse, arrival: Arrival): void {
    const visit: Visit = { request, response, arrival, since: performance.now() };
    switch (this.#state.kind) {
      case "serving":
        this.#pass(visit, this.#state.site);
        return;
      case "failed":
        this.#pages.notRunning(visit, this.#state.failure);
        return;
      case "starting":
        this.#wait(visit);
    }
  }

  /** From now on requests wait. */
  hold(): void {
    this.#state = { kind: "starting" };
  }

  /** Passes the requests that wait, and those that come, to a program. */
  serve(site: Site): void {
    this.#state = { kind: "serving", site };
    for (const visit of this.#takeWaiting()) this.#pass(visit, site);
  }

  /** Answers the requests that wait, and those that come, with a failure. */
  fail(failure: WorkerFailure): void {
    this.#state = { kind: "failed", failure };
    for (const visit of this.#takeWaiting()) this.#pages.notRunning(visit, failure);
  }

  /** Ends the streams of the program. Resolves when its other requests have ended, or after the limit in ms. */
  async finish(limit: number): Promise<void> {
    for (const { response } of this.#active) if (isStream(response)) this.#pages.endStream(response);
    if (this.#active.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) => (this.#finished = resolve)),
      new Promise<void>((resolve) => (timer = setTimeout(resolve, limit))),
    ]);
    clearTimeout(timer);
    this.#finished = undefined;
  }

  /** Answers the requests that wait for a program, since there will be none. */
  refuseWaiting(fact: string): void {
    for (const visit of this.#takeWaiting()) this.#pages.unanswered(visit, fact);
  }

  #pass(visit: Visit, site: Site): void {
    const { request, response, arrival } = visit;
    this.#active.add(visit);
    response.once("close", () => {
      this.#active.delete(visit);
      if (this.#active.size === 0) this.#finished?.();
    });
    site.take(request, response, arrival);
  }

  #wait(visit: Visit): void {
    const { response } = visit;
    if (this.#waiting.size >= MOST_WAITING) {
      this.#pages.unanswered(visit, "too many requests wait for the program");
      return;
    }
    const timer = setTimeout(() => {
      this.#waiting.delete(visit);
      this.#pages.unanswered(visit, `the program has not started within ${WAIT_LIMIT / 1000} s`);
    }, WAIT_LIMIT);
    this.#waiting.set(visit, timer);
    response.once("close", () => {
      clearTimeout(timer);
      this.#waiting.delete(visit);
    });
  }

  #takeWaiting(): readonly Visit[] {
    const visits = [...this.#waiting.keys()];
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    return visits;
  }
}

/** Whether a response goes on for an unknown time: its head was sent, without a length. */
function isStream(response: ServerResponse): boolean {
  return response.headersSent && !response.writableEnded && !response.hasHeader("Content-Length");
}
