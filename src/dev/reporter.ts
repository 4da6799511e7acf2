import type { WorkerFailure } from "../supervisor/reports.js";
import type { Visit } from "./front.js";
import type { ProgramListener } from "./program-process.js";
import type { RequestLine } from "./request-log.js";

/** Where the development server listens. */
export interface Addresses {
  readonly url: string;
  readonly inspector: string;
}

/** A program that answers requests. */
export interface ServingFacts {
  readonly script: string;
  readonly root: string | undefined;
  /** How long its start has taken; ms. */
  readonly took: number;
}

/** Reports what a development server does. */
export interface Reporter extends ProgramListener {
  listening(addresses: Addresses): void;
  /** A request has ended. */
  requested(line: RequestLine): void;
  serving(facts: ServingFacts): void;
  /** The program does not run, and waits for a change. */
  failed(failure: WorkerFailure): void;
  /** Files have changed: the program starts again. */
  changed(paths: readonly string[]): void;
  /** Something cannot be watched. */
  watchFailed(error: Error): void;
  /** The server stops, and waits for these requests. */
  waiting(visits: readonly Visit[]): void;
  /** The program did not end within the limit in ms, and is killed. */
  killing(limit: number): void;
}
