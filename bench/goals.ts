import { OURS, type Metric } from "./case.js";
import type { CaseResult, Figure } from "./run-case.js";

/** A goal of Tricorn in a case: a ratio to a contender of the same run, or an absolute figure. */
export interface Goal {
  /** The name of the case. */
  readonly case: string;
  /** A metric of the case. */
  readonly metric: string;
  readonly against?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** All goals. Ratios are those of the best slices. */
export const goals: readonly Goal[] = [
  // In 8,000 echoes of 64 KiB, and in 500 filtered files of 1 MiB.
  { case: "echo", metric: "full", atMost: 1 },
  { case: "echo-iterated", metric: "full", atMost: 8 },
  { case: "echo-piped", metric: "full", atMost: 3 },
  { case: "filter", metric: "full", atMost: 5 },

  { case: "echo", metric: "cpu", against: "node:http", atMost: 0.6 },
  { case: "echo", metric: "cpu", against: "raw node:net", atMost: 1 },
  { case: "echo", metric: "p99", against: "node:http", atMost: 0.7 },
  { case: "nginx-echo", metric: "cpu", against: "node:http", atMost: 0.8 },
  { case: "collect", metric: "cpu", against: "fastify", atMost: 0.8 },
  { case: "filter", metric: "cpu", against: "C libfcgi", atMost: 1.8 },
  { case: "large", metric: "cpu", against: "node:http", atMost: 0.9 },
  { case: "peak-echo", metric: "above", atMost: 16 },

  { case: "hello", metric: "cpu", against: "node:http", atMost: 0.7 },
  { case: "hello-16", metric: "cpu", against: "node:http", atMost: 0.7 },
  { case: "hello-16", metric: "throughput", against: "Go net/http/fcgi", atLeast: 4.5 },
  { case: "hello-16", metric: "throughput", against: "node-fastcgi", atLeast: 6 },
  { case: "hello-multiplexed", metric: "cpu", against: "Go net/http/fcgi", atMost: 1 / 20 },
  { case: "hello-new-connections", metric: "cpu", against: "raw node:net", atMost: 1 },
  { case: "hello-new-connections", metric: "cpu", against: "node-fastcgi", atMost: 0.3 },
  { case: "authorizer", metric: "cpu", against: "C libfcgi", atMost: 2.6 },
  { case: "json", metric: "cpu", against: "fastify", atMost: 0.85 },
  { case: "express", metric: "cpu", against: "Express, node:http", atMost: 1.1 },
  { case: "hono", metric: "cpu", against: "Hono, node:http", atMost: 1.1 },
  { case: "nginx-hello", metric: "cpu", against: "node:http", atMost: 0.85 },
  { case: "nginx-hello-16", metric: "cpu", against: "node:http", atMost: 0.93 },

  { case: "idle-connections", metric: "memory", atMost: 4 },
  { case: "idle-process", metric: "memory", against: "node:http", atMost: 1.2 },
  { case: "start-up", metric: "time", against: "node:http", atMost: 1.6 },
  { case: "peak-slow-reader", metric: "memory", atMost: 80 },
];

/** A goal and what was measured. */
export interface JudgedGoal {
  readonly goal: Goal;
  readonly metric: Metric;
  readonly figure: Pick<Figure, "best" | "median" | "least" | "most">;
  readonly met: boolean;
}

/** The goals of a case; without those whose contender was not measured, as it may be missing on a machine. */
export function judge({ name, metrics, rows }: CaseResult): JudgedGoal[] {
  return goals
    .filter((goal) => goal.case === name)
    .flatMap((goal) => {
      const metric = metrics.find(({ key }) => key === goal.metric);
      const row = rows.find((one) => one.name === (goal.against ?? OURS));
      const measured = row?.figures[goal.metric];
      if (metric === undefined || measured === undefined) return [];
      const figure = goal.against === undefined ? measured : flattened(measured.ratio);
      if (figure === undefined) return [];
      const judged = goal.against === undefined ? figure.median : figure.best;
      const met = judged <= (goal.atMost ?? Infinity) && judged >= (goal.atLeast ?? 0);
      return [{ goal, metric, figure, met }];
    });
}

function flattened(ratio: Figure["ratio"]): JudgedGoal["figure"] | undefined {
  return ratio && { best: ratio.best, ...ratio.rounds };
}
