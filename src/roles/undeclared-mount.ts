import type { Logger } from "pino";

import { logSafely } from "../log-safely.js";
import type { Params } from "../protocol/params.js";

/**
 * Warns, once, where an application with authorizers finds no route for a request of which the Web server tells a mount
 * that the application was not told. It does not believe that one, and without a sign its 404 would be hard to explain.
 */
export class UndeclaredMount {
  readonly #log: Logger;
  #warned = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Looks at the params of a request for which there is no route. */
  see(params: Params): void {
    if (this.#warned) return;
    const mount = params.get("SCRIPT_NAME") ?? "";
    if (mount === "" || (params.get("PATH_INFO") ?? "") === "") return;
    this.#warned = true;
    const facts = { code: "ERR_MOUNT_UNDECLARED", mount };
    logSafely(() =>
      this.#log.warn(
        facts,
        "No route found: the Web server tells a mount, which authorizers are not told; declare it as `mount` of createApplication",
      ),
    );
  }
}
