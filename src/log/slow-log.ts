import type { Logger } from "pino";

import { PendingPromises } from "../events/pending-promises.js";
import type { RequestEvent, RequestObserver } from "../events/request-event.js";
import { awaitStacks } from "../events/standing.js";
import { RequestPromises } from "../events/waiting.js";
import { describeAwaits, type AwaitPlaces } from "./await-places.js";
import { LogBudgets } from "./log-budgets.js";
import { logSafely } from "./log-safely.js";
import type { LogStream } from "./log-stream.js";
import { formatRequest, identityOf, roundedDuration, terminalOfLog } from "./request-facts.js";

/** The options of a {@link SlowLog}. */
export interface SlowLogOptions {
  readonly log: Logger;
  /** Whether that is the default one, whose lines people may read on a terminal. */
  readonly isDefault: boolean;
  /** How long a request may be active before it is logged; ms. */
  readonly threshold: number;
  /** Whether the end of each request is logged anyway. */
  readonly endsAreLogged: boolean;
}

/** What is known of an active request. */
interface Watched {
  readonly request: RequestEvent;
  readonly promises: RequestPromises;
  /** The promise that its answer depends on. */
  answer: object | undefined;
}

/**
 * Logs each request that is active for longer than a threshold, while it is, with the await in which its handler stands. Unless every
 * request is logged at its end, a second line then says how long it took.
 */
export class SlowLog implements RequestObserver {
  readonly #options: SlowLogOptions;
  readonly #terminal: LogStream | undefined;
  readonly #promises: PendingPromises | undefined;
  readonly #budgets = new LogBudgets();
  /** Active requests by their id. */
  readonly #active = new Map<string, Watched>();
  /** Those of them that have not been active for long, oldest first. */
  readonly #young = new Set<RequestEvent>();
  /** Where requests stood when they were logged. */
  readonly #stoodAt = new WeakMap<RequestEvent, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SlowLogOptions) {
    this.#options = options;
    this.#terminal = options.isDefault ? terminalOfLog() : undefined;
    try {
      this.#promises = new PendingPromises();
    } catch {
      logSafely(() =>
        options.log.warn("The slow log shows no awaits: this runtime does not tell of promises"),
      );
    }
  }

  begun(request: RequestEvent, handle: () => void): void {
    // Its connection may be lost before it begins.
    if (request.hasEnded) {
      handle();
      return;
    }
    const promises = new RequestPromises();
    this.#active.set(request.id, { request, promises, answer: undefined });
    this.#young.add(request);
    this.#timer ??= this.#lookAfter(this.#options.threshold);
    if (this.#promises === undefined) handle();
    else this.#promises.run(promises, handle);
  }

  waits(request: RequestEvent, promise: object): void {
    const watched = this.#active.get(request.id);
    if (watched !== undefined) watched.answer = promise;
  }

  ended(request: RequestEvent): void {
    const watched = this.#active.get(request.id);
    if (watched === undefined) return;
    this.#active.delete(request.id);
    this.#young.delete(request);
    watched.promises.end();
    if (this.isSlow(request) && !this.#options.endsAreLogged) this.#logEnd(request);
  }

  /** Whether a request is or was active for longer than the threshold. */
  isSlow({ duration }: RequestEvent): boolean {
    return duration >= this.#options.threshold;
  }

  /** The active requests that are slow, the oldest first. */
  activeSlow(most: number): readonly RequestEvent[] {
    const requests: RequestEvent[] = [];
    for (const { request } of this.#active.values()) {
      // Those that follow began later.
      if (requests.length === most || !this.isSlow(request)) break;
      requests.push(request);
    }
    return requests;
  }

  /** Where a request stood when it was logged, also when it has ended; undefined if it was not logged or that is not known. */
  stoodAt(request: RequestEvent): string | undefined {
    return this.#stoodAt.get(request);
  }

  /** Where an active request stands; undefined if it is not known. */
  standsAt(id: string): string | undefined {
    const watched = this.#active.get(id);
    return watched && this.#placesOf(watched)?.standsAt;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#promises?.close();
  }

  #lookAfter(delay: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), delay).unref();
  }

  #look(): void {
    const { threshold } = this.#options;
    this.#timer = undefined;
    for (const request of this.#young) {
      const left = threshold - request.duration;
      if (left > 0) {
        this.#timer = this.#lookAfter(left);
        return;
      }
      this.#young.delete(request);
      this.#logActive(request);
    }
  }

  #logActive(request: RequestEvent): void {
    const more = this.#budgets.admit("active");
    if (more === undefined) return;
    const places = this.#placesOf(this.#active.get(request.id)!);
    if (places !== undefined) this.#stoodAt.set(request, places.standsAt);
    if (this.#terminal !== undefined) {
      const where =
        places === undefined ? "" : `at ${places.stack.replaceAll(/\s*\n\s+(?:at )?/g, " < ").trim()}`;
      this.#terminal.write(formatRequest(request, [`active for ${seconds(request)}`, where]));
      return;
    }
    const facts = { ...identityOf(request), ms: roundedDuration(request), ...places, ...more };
    logSafely(() => this.#options.log.warn(facts, "Slow request"));
  }

  #logEnd(request: RequestEvent): void {
    const more = this.#budgets.admit("ended");
    if (more === undefined) return;
    const { status, aborted } = request;
    if (this.#terminal !== undefined) {
      const facts = [status ?? "no status", `ended after ${seconds(request)}`, aborted?.code ?? ""];
      this.#terminal.write(formatRequest(request, facts));
      return;
    }
    const ms = roundedDuration(request);
    const facts = { ...identityOf(request), status, ms, aborted: aborted?.code, ...more };
    logSafely(() => this.#options.log.warn(facts, "Slow request has ended"));
  }

  /**
   * The awaits that the answer depends on; otherwise those of the first call of the request that nothing waits for, unless the answer
   * waits for the Web server.
   */
  #placesOf({ request, answer, promises }: Watched): AwaitPlaces | undefined {
    const pending = this.#promises;
    if (pending === undefined) return undefined;
    const visited = new Set<object>();
    const get = (promise: object) => pending.get(promise);
    const calls = request.waitsForPeer ? [] : promises.standingInOrder.map(({ promise }) => promise);
    // A callback, such as a listener of Express, may have called the handler, so that nothing waits for its promise.
    for (const promise of answer === undefined ? calls : [answer, ...calls]) {
      const places = describeAwaits(awaitStacks(promise, get, visited));
      if (places !== undefined) return places;
    }
    return undefined;
  }
}

function seconds({ duration }: RequestEvent): string {
  return `${(duration / 1000).toFixed(1)} s`;
}
