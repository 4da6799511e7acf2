/** What is known of the requests of all workers since the master started: of those that run, of recycled and of ended ones. */
export interface ObservedStatus {
  readonly totals: ObservedTotals;
  /** How many requests were refused, by the code of the error: `ERR_LIMIT_BODY`. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly lastMinute: RecentRequests;
  /** The last five minutes, a point for every 2 s, oldest first. */
  readonly history: readonly HistoryPoint[];
  /** The routes with the most requests, at most 100, most first. */
  readonly routes: readonly RouteReport[];
  /**
   * The slowest requests of the last five minutes, the newest last, at most 20. With a slow log only those above its threshold, also
   * while they are active.
   */
  readonly slow: readonly SlowRequest[];
}

/** Counts since the master started. */
export interface ObservedTotals {
  /** Requests that have ended. */
  readonly requests: number;
  /** Those with a status of 500 or more, without one, or whose answer broke off; not those that the peer aborted. */
  readonly failed: number;
  /** Those that the Web server has aborted, or whose connection was lost. */
  readonly aborted: number;
  /** Those that a limit, a rule or a time limit has refused. */
  readonly refused: number;
  /** Requests that authorizers have allowed. */
  readonly allowed: number;
  /** Requests that authorizers have denied. */
  readonly denied: number;
  /** Violations of the protocol by a peer. */
  readonly protocolErrors: number;
  /** Bytes of request bodies. */
  readonly bytesIn: number;
  /** Bytes of the bodies of answers. */
  readonly bytesOut: number;
}

/** The last minute, or as much as is known of it. */
export interface RecentRequests {
  /** How many seconds are known: 60 at most. */
  readonly seconds: number;
  /** Requests that ended in them. */
  readonly requests: number;
  readonly failed: number;
  readonly refused: number;
  /** What half of them took at most; ms, null if none ended. */
  readonly p50: number | null;
  /** What 99 of 100 took at most; ms, null if none ended. */
  readonly p99: number | null;
  /** The longest delay of the event loop of any worker; ms. */
  readonly lag: number;
}

/** An interval of 2 s. */
export interface HistoryPoint {
  /** When it ended; ms since 1970. */
  readonly at: number;
  /** Requests that ended in it. */
  readonly requests: number;
  readonly failed: number;
  readonly refused: number;
  /** What half of them took at most; ms, null if none ended. */
  readonly p50: number | null;
  /** What 99 of 100 took at most; ms, null if none ended. */
  readonly p99: number | null;
  /** Active requests of all workers at its end. */
  readonly active: number;
  /** Resident memory of all workers at its end; bytes. */
  readonly rss: number;
  /** The longest delay of the event loop of any worker in it; ms. */
  readonly lag: number;
}

/** The requests of one route. */
export interface RouteReport {
  readonly role: string;
  /** `GET /books/:id`, or the name of an authorizer or filter; "" if nothing handled them. */
  readonly route: string;
  readonly requests: number;
  readonly failed: number;
  /** What half of them took at most; ms. */
  readonly p50: number;
  /** What 99 of 100 took at most; ms. */
  readonly p99: number;
}

/** A request that took long. It has no query and no other param: those may be secret. */
export interface SlowRequest {
  /** The id that the access log and the slow log have. */
  readonly id: string;
  /** The process id of its worker. */
  readonly worker: number;
  readonly role: string;
  readonly method: string;
  readonly path: string;
  readonly route?: string | undefined;
  /** When it began; ms since 1970. */
  readonly startedAt: number;
  /** How long it took, or has taken until now; ms. */
  readonly duration: number;
  /** The status of its answer; undefined while it has none, and if it ended without one. */
  readonly status?: number | undefined;
  /** Where its handler stood, `src/books.ts:12:20`; only with a slow log. */
  readonly standsAt?: string | undefined;
}
