import type { EndKind, WorkerStateName } from "./worker-state.js";

/** A request that a worker is answering. It has no query and no other param: those may be secret. */
export interface ActiveRequest {
  /** The name of the role, or its number. */
  readonly role: string;
  readonly method: string;
  /** The path of the request target, without its query. */
  readonly path: string;
  /** What handles it: `GET /books/:id`, or the name of an authorizer or filter; only if requests are observed. */
  readonly route?: string | undefined;
  /** Where its handler stands, `src/books.ts:12:20`; only with a slow log. */
  readonly standsAt?: string | undefined;
  /** Since its BEGIN_REQUEST; ms. */
  readonly age: number;
}

/** What a worker knows of itself. */
export interface WorkerStatistics {
  /** Resident memory, which includes Buffers; bytes. */
  readonly rss: number;
  /** Requests that began since the worker started. */
  readonly requests: number;
  /** Requests that a limit, a time limit or the end of the worker has refused. */
  readonly refusals: number;
  /** Open connections. */
  readonly connections: number;
  /** How many requests are active. */
  readonly activeCount: number;
  /** The longest delay of its event loop in the last 15 to 30 s; ms. Only if requests are observed. */
  readonly lag?: number | undefined;
  /** Active requests, oldest first; at most 1000, and 2000 of all workers in a status. */
  readonly active: readonly ActiveRequest[];
}

/** What the master knows of a worker. */
export interface WorkerReport {
  readonly pid: number;
  /** Its place, from 0: a worker and its replacement have the same one. */
  readonly slot: number;
  readonly state: WorkerStateName;
  /** Counts the reloads before its start. */
  readonly generation: number;
  /** When the process was started; ms since 1970. */
  readonly startedAt: number;
  /** What it answered when it was asked; undefined if it did not answer in time. */
  readonly statistics: WorkerStatistics | undefined;
}

/** Why a worker did not start. */
export interface WorkerFailure {
  /** One line. */
  readonly sentence: string;
  /** Lines below it: the place of the mistake as file:line:column, its code and document, the stack. */
  readonly details: readonly string[];
}

/** How a worker ended. */
export interface WorkerEnd {
  /** When; ms since 1970. */
  readonly at: number;
  readonly pid: number;
  readonly slot: number;
  readonly generation: number;
  /** Since the start of the process; ms. */
  readonly age: number;
  readonly how: EndKind;
  /** Why it was asked to leave (`memory`, `requests`, `age`, `itself`, …), or killed; undefined if it was not. */
  readonly why: string | undefined;
  readonly code: number | null;
  readonly signal: string | null;
}

/** How a reload ended. */
export interface ReloadOutcome {
  /** When it began; ms since 1970. */
  readonly startedAt: number;
  /** How long it took until all new workers were ready; ms. */
  readonly took: number;
  readonly generation: number;
  /** Workers that were replaced. */
  readonly replaced: number;
  /** Why the next new worker did not start, so that the rest of the old ones serve on; undefined if all started. */
  readonly failure: WorkerFailure | undefined;
}
