import type { ServerResponse } from "node:http";

import type { ExchangeRecording } from "./exchange-recording.js";
import type { InspectorLimits } from "./inspector-limits.js";
import type { LiveEvent, RequestSummary } from "./views.js";

/** Milliseconds in which changes are collected for one event. */
const PAUSE = 100;

/** What live events are about. */
export interface LiveSource {
  /** The requests that are kept. */
  readonly exchanges: readonly ExchangeRecording[];
  summary(exchange: ExchangeRecording): RequestSummary;
}

/**
 * Sends changes to the pages that are open, as server-sent events. A page that does not read them loses its connection, and
 * asks again for everything: nothing is kept for it.
 */
export class LiveEvents {
  readonly #source: LiveSource;
  readonly #limits: InspectorLimits;
  readonly #pages = new Set<ServerResponse>();
  readonly #changed = new Set<ExchangeRecording>();
  readonly #dropped = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(source: LiveSource, limits: InspectorLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  /** Whether as many pages are open as are allowed. */
  get full(): boolean {
    return this.#pages.size >= this.#limits.pages;
  }

  /** Sends events as the body of this response until its client leaves. */
  open(page: ServerResponse): void {
    this.#pages.add(page);
    page.once("close", () => this.#pages.delete(page));
    // The gateway keeps a connection whose client has sent FIN, for clients that still wait: a page that is closed does not.
    page.socket?.once("end", () => page.destroy());
    const requests = this.#source.exchanges.map((exchange) => this.#source.summary(exchange));
    page.write(`retry: 1000\n\n${format({ kind: "all", requests })}`);
  }

  /** The request is new, or something of it is. */
  changed(exchange: ExchangeRecording): void {
    if (this.#pages.size === 0) return;
    this.#changed.add(exchange);
    this.#schedule();
  }

  /** The request is no longer kept. */
  dropped(exchange: ExchangeRecording): void {
    if (this.#pages.size === 0) return;
    this.#changed.delete(exchange);
    this.#dropped.add(exchange.number);
    this.#schedule();
  }

  /** Ends all event streams. */
  close(): void {
    for (const page of this.#pages) page.end();
  }

  #schedule(): void {
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#send(), PAUSE).unref();
  }

  #send(): void {
    this.#timer = undefined;
    const requests = Array.from(this.#changed, (exchange) => this.#source.summary(exchange));
    const event = format({ kind: "changes", requests, dropped: [...this.#dropped] });
    this.#changed.clear();
    this.#dropped.clear();
    for (const page of this.#pages) {
      if (page.writableLength > this.#limits.waitingEventBytes) page.destroy();
      else page.write(event);
    }
  }
}

function format(event: LiveEvent): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}
