import { Random } from "./random.js";
import { runSession, type Over } from "./run-session.js";
import { makeSession, type Session } from "./session.js";

/** What to run. */
export interface FuzzOptions {
  readonly seed: number;
  readonly sessions: number;
  /** The number of the first session; 0 if left out. */
  readonly first?: number;
  readonly over?: Over;
  /** Sessions side by side; 60 if left out. */
  readonly parallel?: number;
  /** Called now and then with the number of sessions that are done. */
  readonly progress?: (done: number) => void;
}

/** A session that did not end as it must. */
export interface Failure {
  readonly number: number;
  readonly fact: string;
}

/** What a run showed. */
export interface FuzzFigures {
  readonly sessions: number;
  readonly begun: number;
  readonly answered: number;
  readonly slowestProbe: number;
  readonly failures: readonly Failure[];
}

const PARALLEL = 60;
/** So many failures are enough to look at. */
const MAX_FAILURES = 10;
/** How long the smallest session that fails alike is looked for, in ms. */
const SHRINK_LIMIT = 60_000;

/** The session of a number; the same for the same seed. */
export function sessionOf(seed: number, number: number): Session {
  return makeSession(new Random(seed, number));
}

/** Runs sessions side by side. Errors that nobody caught are failures too, of the process. */
export async function fuzz(options: FuzzOptions): Promise<FuzzFigures> {
  const { seed, sessions, first = 0, over = "memory", parallel = PARALLEL, progress } = options;
  const failures: Failure[] = [];
  const total = { sessions: 0, begun: 0, answered: 0, slowestProbe: 0 };
  const running = new Set<number>();
  const uncaught = (error: unknown): void => {
    const fact = `nobody caught ${error instanceof Error ? error.stack : String(error)}; sessions ${[...running].join(", ")}`;
    failures.push({ number: -1, fact });
  };
  process.on("uncaughtException", uncaught);
  process.on("unhandledRejection", uncaught);
  let next = first;
  const work = async (): Promise<void> => {
    while (next < first + sessions && failures.length < MAX_FAILURES) {
      const number = next;
      next += 1;
      running.add(number);
      try {
        const figures = await runSession(sessionOf(seed, number), over);
        total.begun += figures.begun;
        total.answered += figures.answered;
        total.slowestProbe = Math.max(total.slowestProbe, figures.slowestProbe);
      } catch (error) {
        failures.push({ number, fact: (error as Error).message });
      }
      running.delete(number);
      total.sessions += 1;
      if (total.sessions % 5_000 === 0) progress?.(total.sessions);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  process.off("uncaughtException", uncaught);
  process.off("unhandledRejection", uncaught);
  return { ...total, failures };
}

/** Leaves out of a session whatever it fails in the same way without. */
export async function shrink(session: Session, over: Over): Promise<Session> {
  const fact = await failureOf(session, over);
  const started = performance.now();
  let smallest: Session = session;
  for (let length = Math.ceil(session.steps.length / 2); length >= 1; length = Math.floor(length / 2)) {
    for (let at = 0; at < smallest.steps.length;) {
      if (performance.now() - started > SHRINK_LIMIT) return smallest;
      const steps = smallest.steps.toSpliced(at, length);
      const candidate = { ...smallest, steps };
      if ((await failureOf(candidate, over)) === fact) smallest = candidate;
      else at += length;
    }
  }
  return smallest;
}

async function failureOf(session: Session, over: Over): Promise<string | undefined> {
  try {
    await runSession(session, over);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
