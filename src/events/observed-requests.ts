import { channel } from "node:diagnostics_channel";

import type { Exchange } from "../protocol/application-side/exchange.js";
import { RequestEvent, type RequestObserver } from "./request-event.js";

/** The channels of `node:diagnostics_channel`; each message is a {@link RequestEvent}. */
const start = channel("tricorn.request.start");
const decision = channel("tricorn.request.decision");
const error = channel("tricorn.request.error");
const end = channel("tricorn.request.end");

/** Publishes the events of requests. Node.js reports what a subscriber throws as an uncaught exception. */
const publisher: RequestObserver = {
  decided: (request) => decision.publish(request),
  failed: (request) => error.publish(request),
  ended: (request) => end.publish(request),
};

/** Observes the requests of one listener, for its own observers and for the subscribers of the channels. */
export class ObservedRequests {
  readonly #observers: readonly RequestObserver[];

  constructor(observers: readonly RequestObserver[] = []) {
    this.#observers = observers;
  }

  /** Whether someone wants to know of the next request. */
  get areObserved(): boolean {
    return this.#observers.length > 0 || hasSubscribers();
  }

  /** Handles a request under observation, inside of the stores that are bound to the channel of its start. */
  start(exchange: Exchange, handle: () => void): void {
    // One that is refused while it is handled has been started.
    if (exchange.observer !== undefined) {
      handle();
      return;
    }
    const observers = hasSubscribers() ? [...this.#observers, publisher] : this.#observers;
    const event = new RequestEvent(exchange, observers);
    const inside = this.#observers.reduceRight<() => void>(
      (next, observer) => (observer.begun === undefined ? next : () => observer.begun?.(event, next)),
      handle,
    );
    if (start.hasSubscribers) start.runStores(event, inside);
    else inside();
  }
}

function hasSubscribers(): boolean {
  return start.hasSubscribers || end.hasSubscribers || decision.hasSubscribers || error.hasSubscribers;
}
