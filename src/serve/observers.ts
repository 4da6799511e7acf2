import type { Logger } from "pino";

import type { ListenerObservers } from "../bridges/open-dispatcher.js";
import { ConfigurationError } from "../errors.js";
import { accessLog } from "../log/access-log.js";
import type { SlowLog } from "../log/slow-log.js";

type RequestObserver = NonNullable<ListenerObservers["observers"]>[number];

/** What is observed, and where it is logged. */
export interface Observed {
  readonly log: Logger;
  /** Whether that is the default log. */
  readonly isDefault: boolean;
  /** Opens what counts the requests, if a master wants that. */
  readonly counter: ((slowLog: SlowLog | undefined) => Promise<RequestObserver | undefined>) | undefined;
  readonly accessLog: boolean;
  /** In ms; undefined for no slow log. */
  readonly slowLog: number | undefined;
}

/** The observers of an application's requests. */
export interface Observers {
  readonly observers: readonly RequestObserver[];
  readonly slowLog: SlowLog | undefined;
}

/**
 * Opens the logs of requests.
 *
 * @throws ConfigurationError `ERR_LIMIT_VALUE`
 */
export async function openObservers({ slowLog, ...to }: Observed): Promise<Observers> {
  checkSlowLog(slowLog);
  const { log, isDefault } = to;
  const access = to.accessLog ? accessLog({ log, isDefault }) : undefined;
  const slow = slowLog === undefined ? undefined : await openSlowLog(slowLog, to);
  const counter = await to.counter?.(slow);
  return { observers: [access, counter, slow].filter((observer) => observer !== undefined), slowLog: slow };
}

/** Loaded only if it is wanted: it makes each promise cost more from then on. */
async function openSlowLog(
  threshold: number,
  { log, isDefault, accessLog: endsAreLogged }: Omit<Observed, "slowLog">,
): Promise<SlowLog> {
  const loaded = await import("../log/slow-log.js");
  return new loaded.SlowLog({ log, isDefault, threshold, endsAreLogged });
}

function checkSlowLog(threshold: unknown): void {
  if (threshold === undefined || (typeof threshold === "number" && threshold > 0)) return;
  throw new ConfigurationError(
    "ERR_LIMIT_VALUE",
    `Cannot serve: slowLog is ${typeof threshold === "number" ? threshold : typeof threshold}; expected a number of milliseconds above 0`,
  );
}
