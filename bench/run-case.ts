import {
  OURS,
  type Case,
  type Contender,
  type Goal,
  type Measurement,
  type Metric,
  type Running,
} from "./case.js";
import { ratiosOf, spreadOf, unrest, type Spread } from "./ratios.js";

/** The result of a case, as written to the JSON file. */
export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly rows: readonly Row[];
  readonly goals: readonly GoalResult[];
}

/** The results of a contender in all rounds. */
export interface Row {
  readonly name: string;
  /** By metric. */
  readonly figures: Readonly<Record<string, Spread>>;
  /** Tricorn's figure divided by this contender's, round by round; by metric. */
  readonly ratios: Readonly<Record<string, Spread>>;
}

/** A goal and the result. */
export interface GoalResult extends Goal {
  readonly reached: Spread;
  readonly met: boolean;
}

/** Ratios with a larger spread are measured again, up to this multiple of the rounds. */
const RESTLESS = 0.08;
const MOST_ROUNDS = 2;

/**
 * Measures a case: every contender once per round, in changing order, so that other work on the machine
 * affects all of them. A ratio that does not settle gets more rounds.
 */
export async function runCase(one: Case, rounds: number): Promise<CaseResult> {
  const running = await startAll(one.contenders);
  const measured = new Map<string, Measurement[]>(one.contenders.map(({ name }) => [name, []]));
  try {
    for (let round = 0; round < rounds * MOST_ROUNDS; round += 1) {
      if (round >= rounds && isSettled(one, measured)) break;
      for (let turn = 0; turn < running.length; turn += 1) {
        const [name, contender] = running[(turn + round) % running.length]!;
        measured.get(name)!.push(await contender.measure());
      }
    }
  } finally {
    await Promise.all(running.map(([, contender]) => contender.stop()));
  }
  return resultOf(one, measured);
}

async function startAll(contenders: readonly Contender[]): Promise<(readonly [string, Running])[]> {
  const running: (readonly [string, Running])[] = [];
  for (const contender of contenders) running.push([contender.name, await contender.start()]);
  return running;
}

function isSettled({ metrics }: Case, measured: ReadonlyMap<string, Measurement[]>): boolean {
  const { key } = metrics[0]!;
  const ours = valuesOf(measured, OURS, key);
  return [...measured.keys()].every(
    (name) => unrest(ratiosOf(ours, valuesOf(measured, name, key))) < RESTLESS,
  );
}

function valuesOf(measured: ReadonlyMap<string, Measurement[]>, name: string, key: string): number[] {
  return measured.get(name)!.map((measurement) => measurement[key]!);
}

function resultOf(
  { name, title, metrics, goals }: Case,
  measured: ReadonlyMap<string, Measurement[]>,
): CaseResult {
  const ours = (key: string): number[] => valuesOf(measured, OURS, key);
  const rows = [...measured.keys()].map((contender): Row => {
    const values = metrics.map(({ key }) => [key, valuesOf(measured, contender, key)] as const);
    return {
      name: contender,
      figures: Object.fromEntries(values.map(([key, list]) => [key, spreadOf(list)])),
      ratios: Object.fromEntries(values.map(([key, list]) => [key, spreadOf(ratiosOf(ours(key), list))])),
    };
  });
  // The contender of the goal may be missing on this machine.
  const judged = goals.filter(({ against }) => against === undefined || measured.has(against));
  return {
    name,
    title,
    metrics,
    rows,
    goals: judged.map((goal) => judge(goal, measured)),
  };
}

function judge(goal: Goal, measured: ReadonlyMap<string, Measurement[]>): GoalResult {
  const { metric, against, atMost = Infinity, atLeast = 0 } = goal;
  const values = valuesOf(measured, OURS, metric);
  const ratios = against === undefined ? values : ratiosOf(values, valuesOf(measured, against, metric));
  const reached = spreadOf(ratios);
  return { ...goal, reached, met: reached.median <= atMost && reached.median >= atLeast };
}
