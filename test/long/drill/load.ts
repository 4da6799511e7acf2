import { setTimeout as delay } from "node:timers/promises";

import { Random } from "../fuzz/random.js";
import type { Asker, Sample } from "./ask.js";
import type { KindName, Mix } from "./request-kinds.js";

/** Open: so many requests a second, whatever becomes of them. Closed: each client asks again when it has its answer. */
export type LoadShape =
  | { readonly kind: "open"; readonly rate: number }
  | { readonly kind: "closed"; readonly clients: number };

/** What a load consists of. */
export interface LoadOptions {
  readonly shape: LoadShape;
  readonly mix: Mix;
  readonly seed: number;
}

/**
 * The most requests at a time. An open load that has so many begins later ones late, from when they were due their times count: it
 * is the machine that is overloaded, and more connections than nginx has would fail for that.
 */
const MOST_ACTIVE = 200;
/** After a failure, a client of a closed load waits so long; ms. */
const AFTER_FAILURE = 5;

/** Requests to a Web server until it is stopped. */
export class Load {
  readonly #asker: Asker;
  readonly #options: LoadOptions;
  readonly #random: Random;
  readonly #kinds: readonly KindName[];
  readonly #samples: Sample[] = [];
  readonly #active = new Set<Promise<void>>();
  #goesOn = false;
  #shapes: Promise<void> | undefined;

  constructor(asker: Asker, options: LoadOptions) {
    this.#asker = asker;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#kinds = Object.entries(options.mix).flatMap(([kind, weight]) =>
      Array.from({ length: weight }, () => kind as KindName),
    );
  }

  /** The requests that have ended, in the order of their ends. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  start(): void {
    this.#goesOn = true;
    const { shape } = this.#options;
    this.#shapes =
      shape.kind === "open"
        ? this.#open(shape.rate)
        : Promise.all(Array.from({ length: shape.clients }, () => this.#closed())).then(() => undefined);
  }

  /** Begins no more requests, and waits for those that are active. */
  async stop(): Promise<void> {
    this.#goesOn = false;
    await this.#shapes;
    await Promise.all(this.#active);
  }

  /** Asks for one thing beside the mix, and counts it. */
  async ask(kind: KindName): Promise<Sample> {
    const sample = await this.#asker.ask(kind);
    this.#samples.push(sample);
    return sample;
  }

  async #open(rate: number): Promise<void> {
    const gap = 1_000 / rate;
    let due = performance.now();
    while (this.#goesOn) {
      for (; due <= performance.now() && this.#goesOn; due += gap) {
        if (this.#active.size >= MOST_ACTIVE) await Promise.race(this.#active);
        this.#begin(due);
      }
      await delay(Math.max(1, due - performance.now()));
    }
  }

  #begin(due: number): void {
    const active = this.#asker.ask(this.#random.pick(this.#kinds), due).then((sample) => {
      this.#samples.push(sample);
      this.#active.delete(active);
    });
    this.#active.add(active);
  }

  async #closed(): Promise<void> {
    while (this.#goesOn) {
      const { judgement } = await this.ask(this.#random.pick(this.#kinds));
      if (!judgement.isGood) await delay(AFTER_FAILURE);
    }
  }
}
