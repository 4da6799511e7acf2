/** Figures of one contender: a number for each metric of its case that it has. */
export type Measurement = Readonly<Record<string, number>>;

/** A metric. */
export interface Metric {
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  /** Whether more is better. */
  readonly more?: true;
  /** Whether each figure is that of all slices so far, so that the last one counts. */
  readonly pooled?: true;
  /** Whether it is a count, which neighbours on the machine do not change. */
  readonly counted?: true;
}

/** What a request costs, by the functions in which the time is spent. */
export interface Profile {
  readonly functions: readonly ProfiledFunction[];
}

/** A function, or a task of V8. */
export interface ProfiledFunction {
  readonly name: string;
  /** Its file in src/, or its module in Node.js; for code in C++ nothing. */
  readonly file: string;
  /** Its own time, without that of the functions that it calls; µs per request. */
  readonly time: number;
}

/** A running contender. */
export interface Running {
  /** Measures a slice. */
  measure(): Promise<Measurement>;
  /** Counts what a slice does not show. */
  count?(): Promise<Measurement>;
  /** Shows in which functions the time is spent. */
  profile?(): Promise<Profile>;
  stop(): Promise<void>;
}

/** A contender in a case. */
export interface Contender {
  readonly name: string;
  /** The server that it shares with other cases, if it is a long-lived one. */
  readonly server?: object | undefined;
  /** Prepares it, and warms it up with so many slices for every JIT compiler. */
  start(warmUp: number): Promise<Running>;
}

/** One comparison. Its chart shows the first metric; less is better. */
export interface Case {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly contenders: readonly Contender[];
  /** At most so many rounds, if a slice takes long. */
  readonly rounds?: number | undefined;
  /** Collections are those in so many requests. */
  readonly counted?: number | undefined;
}

/** The contender that all others are compared with. */
export const OURS = "Tricorn";
