import type { Gift } from "../server/giving.js";

/** What comes to a worker: requests a second, and connections. */
export interface Load {
  readonly load: number;
}

/** From this ratio on, of the most that one worker has to the fewest, some of it moves. */
const MOST_RATIO = 1.15;
/** A difference of so much is none: one connection more than the others have. */
const NO_DIFFERENCE = 1;

/**
 * Decides what workers give to others so that all have about as much: the first workers to wake accept most connections, kept ones
 * stay where they were accepted, and a Web server may use some of them far more than others. Empty if the workers do not differ
 * much.
 */
export function giftsOf<W extends Load>(workers: readonly W[]): ReadonlyMap<W, Gift> {
  const loads = workers.map(({ load }) => load);
  const [most, fewest] = [Math.max(...loads), Math.min(...loads)];
  const gifts = new Map<W, Gift>();
  if (workers.length < 2 || most - fewest <= NO_DIFFERENCE || most < fewest * MOST_RATIO) return gifts;
  const average = loads.reduce((sum, load) => sum + load) / workers.length;
  for (const worker of workers) {
    const { load } = worker;
    if (load > average) gifts.set(worker, { load: load - average, gap: load - fewest });
  }
  return gifts;
}

/** A worker that may get connections. */
export interface Receiver extends Load {
  /** Counts the reloads before its start. */
  readonly generation: number;
}

/** The one that a connection goes to: of the newest program, and with the least to do; undefined if all are older than its sender. */
export function receiverOf<R extends Receiver>(
  sender: Pick<Receiver, "generation">,
  candidates: readonly R[],
): R | undefined {
  let best: R | undefined;
  for (const candidate of candidates) {
    const { generation, load } = candidate;
    if (candidate === sender || generation < sender.generation) continue;
    const isBetter =
      best === undefined ||
      generation > best.generation ||
      (generation === best.generation && load < best.load);
    if (isBetter) best = candidate;
  }
  return best;
}

/** A worker that can be told to give. */
export interface BalancedWorker extends Load {
  send(message: { readonly kind: "give" } & Gift): void;
}

/** Evens out the load of workers each time they have reported it. */
export class Balancer {
  #giving: ReadonlySet<BalancedWorker> = new Set();

  /** Evens out what these workers have to do; the others give nothing any more. */
  balance(workers: readonly BalancedWorker[]): void {
    const gifts = giftsOf(workers);
    for (const worker of this.#giving) if (!gifts.has(worker)) worker.send({ kind: "give", load: 0, gap: 0 });
    for (const [worker, gift] of gifts) worker.send({ kind: "give", ...gift });
    this.#giving = new Set(gifts.keys());
  }
}
