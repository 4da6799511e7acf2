/** What one run of one contender gave: a number for each metric of its case. */
export type Measurement = Readonly<Record<string, number>>;

/** Something that is measured. */
export interface Metric {
  readonly key: string;
  readonly label: string;
  readonly unit: string;
}

/** A contender that runs. */
export interface Running {
  measure(): Promise<Measurement>;
  stop(): Promise<void>;
}

/** Who is measured in a case. */
export interface Contender {
  readonly name: string;
  /** Gets ready, warm-up included. */
  start(): Promise<Running>;
}

/** What Tricorn is to reach in a case: a ratio to a contender of the same run, or a figure where there is none. */
export interface Goal {
  readonly metric: string;
  readonly against?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** One comparison. The first metric is the one that its chart shows; less of it is better. */
export interface Case {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly contenders: readonly Contender[];
  readonly goals: readonly Goal[];
}

/** The contender that all others are compared with. */
export const OURS = "Tricorn";
