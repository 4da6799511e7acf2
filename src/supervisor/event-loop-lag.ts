import { monitorEventLoopDelay, type IntervalHistogram } from "node:perf_hooks";

/** How often the delay is measured; ms. It is part of what is measured. */
const RESOLUTION = 20;
const NANOSECONDS = 1e6;
/** The longest delay is remembered for one to two of these; ms. */
const PERIOD = 15_000;

/** Measures how long the event loop does not turn: all requests of the process wait for that time. */
export class EventLoopLag {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  #last = 0;
  #previous = 0;
  #periodEnd = performance.now() + PERIOD;

  constructor() {
    this.#histogram.enable();
  }

  /** The longest delay since the last call; ms. */
  take(): number {
    const longest = Math.max(0, Math.round(this.#histogram.max / NANOSECONDS) - RESOLUTION);
    this.#histogram.reset();
    const now = performance.now();
    if (now >= this.#periodEnd) {
      this.#previous = this.#last;
      this.#last = 0;
      this.#periodEnd = now + PERIOD;
    }
    this.#last = Math.max(this.#last, longest);
    return longest;
  }

  /** The longest delay of the last 15 to 30 s, as far as it was taken; ms. */
  get recent(): number {
    return Math.max(this.#last, this.#previous);
  }
}
