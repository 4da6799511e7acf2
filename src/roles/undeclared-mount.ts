import type { Logger } from "pino";

import { logSafely } from "../log-safely.js";
import type { Exchange } from "../protocol/exchange.js";
import type { StderrLines } from "./stderr-lines.js";

/**
 * Warns, once, where an application with authorizers finds no route for a request of which the Web server tells a mount
 * that the application was not told. It does not believe that one, and without a sign its 404 would be hard to explain.
 */
export class UndeclaredMount {
  readonly #log: Logger;
  readonly #stderr: StderrLines;
  #warned = false;

  constructor(log: Logger, stderr: StderrLines) {
    this.#log = log;
    this.#stderr = stderr;
  }

  /** Looks at a request for which there is no route. */
  see(exchange: Exchange): void {
    if (this.#warned) return;
    const { params } = exchange;
    const mount = params.get("SCRIPT_NAME") ?? "";
    if (mount === "" || (params.get("PATH_INFO") ?? "") === "") return;
    this.#warned = true;
    const facts = { code: "ERR_MOUNT_UNDECLARED", mount };
    logSafely(() => this.#log.warn(facts, WARNING));
    if (this.#stderr === "warnings") exchange.warn(`tricorn: ${WARNING}`);
  }
}

const WARNING =
  "No route found: the Web server tells a mount, which authorizers are not told; declare it as `mount` of createApplication";
