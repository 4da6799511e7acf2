/** The result of one run of one contender: a number for each metric of its case. */
export type Measurement = Readonly<Record<string, number>>;

/** A metric. */
export interface Metric {
  readonly key: string;
  readonly label: string;
  readonly unit: string;
}

/** A running contender. */
export interface Running {
  measure(): Promise<Measurement>;
  stop(): Promise<void>;
}

/** A contender in a case. */
export interface Contender {
  readonly name: string;
  /** Prepares, including warm-up. */
  start(): Promise<Running>;
}

/** Tricorn's goal in a case: a ratio to a contender of the same run, or an absolute figure. */
export interface Goal {
  readonly metric: string;
  readonly against?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** One comparison. Its chart shows the first metric; less is better. */
export interface Case {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly contenders: readonly Contender[];
  readonly goals: readonly Goal[];
}

/** The contender that all others are compared with. */
export const OURS = "Tricorn";
