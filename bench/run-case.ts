import {
  OURS,
  type Case,
  type Contender,
  type Measurement,
  type Metric,
  type Profile,
  type Running,
} from "./case.js";
import { ratiosOf, spreadOf, type Spread } from "./ratios.js";

/** The result of a case, as written to the JSON file. */
export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly rows: readonly Row[];
  /** Collections are those in so many requests. */
  readonly counted?: number | undefined;
}

/** The results of a contender in all rounds, by metric. What was not measured is missing. */
export interface Row {
  readonly name: string;
  readonly figures: Readonly<Record<string, Figure>>;
}

/** A figure of a contender. */
export interface Figure extends Spread {
  /** The least of all slices, or the most where more is better: what neighbours on the machine disturb least. */
  readonly best: number;
  /** Tricorn's figure divided by this one: of the best of both, and the spread of all rounds. */
  readonly ratio?: { readonly best: number; readonly rounds: Spread } | undefined;
}

/** How often and how thoroughly a case is measured. */
export interface Effort {
  /** Slices of each contender. */
  readonly rounds: number;
  /** Whether only Tricorn's counts are taken. */
  readonly countsOurs: boolean;
}

/** Slices of warm-up before a case. */
const WARM_UP = 3;

type Figures = ReadonlyMap<string, number[]>;

/**
 * Measures a case: a slice of every contender per round, in changing order, so that other work on the machine affects all of
 * them; then counts.
 */
export async function runCase(one: Case, { rounds, countsOurs }: Effort): Promise<CaseResult> {
  const running = await startAll(one.contenders);
  const slices = new Map<string, Measurement[]>(running.map(([name]) => [name, []]));
  try {
    for (let round = 0; round < Math.min(rounds, one.rounds ?? rounds); round += 1) {
      for (let turn = 0; turn < running.length; turn += 1) {
        const [name, contender] = running[(turn + round) % running.length]!;
        slices.get(name)!.push(await contender.measure());
      }
    }
    for (const [name, contender] of running)
      if (contender.count !== undefined && (!countsOurs || name === OURS))
        slices.get(name)!.push(await contender.count());
  } finally {
    await Promise.all(running.map(([, contender]) => contender.stop()));
  }
  return resultOf(one, slices);
}

/** The profile of Tricorn in a case; undefined unless it is loaded directly. */
export async function profileCase({ contenders }: Case): Promise<Profile | undefined> {
  const running = await contenders.find(({ name }) => name === OURS)!.start(WARM_UP);
  try {
    return await running.profile?.();
  } finally {
    await running.stop();
  }
}

/** Starts contenders and ends them, so that their servers have done this work once. */
export async function warmUp({ contenders }: Case): Promise<void> {
  for (const contender of contenders) await (await contender.start(1)).stop();
}

async function startAll(contenders: readonly Contender[]): Promise<(readonly [string, Running])[]> {
  const running: (readonly [string, Running])[] = [];
  for (const contender of contenders) running.push([contender.name, await contender.start(WARM_UP)]);
  return running;
}

function resultOf(one: Case, slices: ReadonlyMap<string, readonly Measurement[]>): CaseResult {
  const { name, title, metrics, counted } = one;
  const byName = new Map([...slices].map(([contender, list]) => [contender, figuresOf(metrics, list)]));
  const rows = [...byName].map(([contender, values]): Row => {
    const others = contender === OURS ? undefined : byName.get(OURS);
    const figures = metrics.flatMap((metric) => {
      const figure = figureOf(metric, { values, ours: others });
      return figure === undefined ? [] : [[metric.key, figure] as const];
    });
    return { name: contender, figures: Object.fromEntries(figures) };
  });
  return { name, title, metrics, rows, counted };
}

function figuresOf(metrics: readonly Metric[], slices: readonly Measurement[]): Figures {
  return new Map(
    metrics.map(({ key, pooled }) => {
      const values = slices.flatMap((slice) => slice[key] ?? []);
      return [key, pooled === true ? values.slice(-1) : values];
    }),
  );
}

function figureOf(
  metric: Metric,
  { values, ours }: { readonly values: Figures; readonly ours: Figures | undefined },
): Figure | undefined {
  const { key } = metric;
  const own = values.get(key)!;
  if (own.length === 0) return undefined;
  const theirs = ours?.get(key) ?? [];
  const rounds = theirs.length === own.length ? spreadOf(ratiosOf(theirs, own)) : undefined;
  const best = bestOf(metric, own);
  const ratio = rounds && { best: bestOf(metric, theirs) / best, rounds };
  return { ...spreadOf(own), best, ratio };
}

function bestOf({ more }: Metric, values: readonly number[]): number {
  return more === true ? Math.max(...values) : Math.min(...values);
}
