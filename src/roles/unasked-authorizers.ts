import type { Logger } from "pino";

import { logSafely } from "../log-safely.js";
import type { Params } from "../protocol/params.js";
import type { AuthorizerRole } from "./authorizer.js";

/** The Web servers that know no authorizer role: they hand every request to a responder, whoever should decide first. */
const NEVER_ASKS = /^(?:nginx|haproxy|caddy|h2o|jetty)\b/i;

/**
 * Warns, once, where a responder answers for a path that an authorizer is declared for, behind a Web server that can never
 * have asked it. Whoever moves from Apache or lighttpd to such a server would else serve everybody without a sign.
 */
export class UnaskedAuthorizers {
  readonly #authorizers: AuthorizerRole;
  readonly #log: Logger;
  #warned = false;

  constructor(authorizers: AuthorizerRole, log: Logger) {
    this.#authorizers = authorizers;
    this.#log = log;
  }

  /** Looks at the params of a request that a responder is about to answer. */
  see(params: Params): void {
    if (this.#warned) return;
    const server = params.get("SERVER_SOFTWARE") ?? "";
    if (!NEVER_ASKS.test(server)) return;
    const names = this.#authorizers.namesFor(params);
    if (names.length === 0) return;
    this.#warned = true;
    const facts = { code: "ERR_AUTHORIZER_UNASKED", server, authorizers: names };
    logSafely(() =>
      this.#log.warn(
        facts,
        "A responder answers for a path of an authorizer, which this Web server never asks",
      ),
    );
  }
}
