import type { Logger } from "pino";

import type { HeadLimits } from "../http/head.js";
import type { LogBudgets } from "../log/log-budgets.js";
import type { StderrLines } from "../log/stderr-lines.js";

/** What all requests of an application share. */
export interface RequestContext {
  readonly log: Logger;
  /** The declared mount: "/app", "/" for the root even if PATH_INFO says otherwise, "" for none. */
  readonly mount: string;
  /** The declared secret params, in addition to Authorization, Cookie and the password. */
  readonly secrets: readonly string[];
  readonly headLimits: HeadLimits;
  /** What the Web server gets on FCGI_STDERR. */
  readonly stderr: StderrLines;
  /** Keeps peers from filling the log. */
  readonly budgets: LogBudgets;
}
