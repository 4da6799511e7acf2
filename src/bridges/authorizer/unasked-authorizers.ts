import type { Logger } from "pino";

import { logSafely } from "../../log/log-safely.js";
import type { Exchange } from "../../protocol/application-side/exchange.js";
import { Role } from "../../protocol/constants.js";
import type { Params } from "../../protocol/params.js";
import type { AuthorizerGates, Gate } from "../../roles/authorizer-gates.js";
import type { Door } from "../../roles/door.js";
import type { RequestContext } from "../../roles/request-context.js";
import type { StderrLines } from "../../log/stderr-lines.js";

const WARNING =
  "A responder answers a protected path, and this Web server did not ask its authorizer; configure it to ask " +
  "(nginx auth_request, Caddy forward_auth), or set bridges.authorizer.inProcess";

/** Web servers without the authorizer role: unless configured to ask, they send every request straight to a responder. */
const NEVER_ASKS = /^(?:nginx|haproxy|caddy|h2o|jetty)\b/i;

/**
 * Warns once if a responder answers for a path that an authorizer is declared for, behind a Web server that has not asked
 * it. Otherwise a move from Apache or lighttpd to such a server would silently open every protected path.
 */
export class UnaskedAuthorizers {
  readonly #gates: AuthorizerGates;
  readonly #log: Logger;
  readonly #stderr: StderrLines;
  /** The authorizers that a bridge has asked: the Web server is configured for them. */
  readonly #asked = new Set<string>();
  /** Whether it has warned, or all authorizers were asked. */
  #done = false;

  constructor(gates: AuthorizerGates, { log, stderr }: Pick<RequestContext, "log" | "stderr">) {
    this.#gates = gates;
    this.#log = log;
    this.#stderr = stderr;
  }

  /** Notes the authorizers that were asked through a bridge. */
  note(gates: readonly Gate[]): void {
    if (this.#done) return;
    for (const { name } of gates) this.#asked.add(name);
    this.#done = this.#asked.size === this.#gates.count;
  }

  /** The door that inspects each request on its way to a responder, and lets it pass. */
  readonly door: Door = (exchange, next) => {
    if (!this.#done && exchange.role === Role.Responder) this.#see(exchange);
    next(exchange);
  };

  #see(exchange: Exchange): void {
    const { params } = exchange;
    const server = params.get("SERVER_SOFTWARE") ?? "";
    if (!NEVER_ASKS.test(server)) return;
    const unasked = this.#gates.asked(params).filter((gate) => !this.#wasAsked(gate, params));
    if (unasked.length === 0) return;
    this.#done = true;
    const facts = {
      code: "ERR_AUTHORIZER_UNASKED",
      server,
      authorizers: unasked.map(({ name }) => name),
    };
    logSafely(() => this.#log.warn(facts, WARNING));
    if (this.#stderr === "warnings") exchange.warn(`tricorn: ${WARNING}`);
  }

  /** Asked by this process, or by another one of the application, whose decision came back as a variable. */
  #wasAsked({ name, variables }: Gate, params: Params): boolean {
    return this.#asked.has(name) || variables.some((variable) => (params.get(variable) ?? "") !== "");
  }
}
