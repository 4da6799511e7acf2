import type { Logger } from "pino";

import type { LogBudgets } from "../../log/log-budgets.js";
import { logSafely } from "../../log/log-safely.js";
import { Role } from "../../protocol/constants.js";
import type { Exchange } from "../../protocol/application-side/exchange.js";
import type { Gate } from "../../roles/authorizer-gates.js";
import { sendVerdict, type AuthorizerRole, type Settle } from "../../roles/authorizer.js";
import { Deny } from "../../roles/verdict.js";
import { asAuthRequest } from "./auth-request.js";
import type { AuthorizerBridgeOptions } from "../bridge-options.js";
import {
  isBridgeForm,
  questionParams,
  requestNames,
  type BridgeForm,
  type TargetNames,
} from "./bridge-question.js";

/** What the bridge works with. */
export interface AuthorizerBridgeFacts {
  readonly log: Logger;
  readonly budgets: LogBudgets;
  readonly options: AuthorizerBridgeOptions;
  /** Told who decides about a question. */
  readonly asked: (gates: readonly Gate[]) => void;
}

/**
 * The door over the responder role (section 6.2) to the authorizers: a request with a TRICORN_BRIDGE marker is a question
 * whether another one may pass. From here on it is an authorizer request (section 6.3), with the same rules and the same
 * ways to be denied; only the form of a denial is what the asker understands.
 */
export class AuthorizerBridge {
  readonly #authorizer: AuthorizerRole;
  readonly #log: Logger;
  readonly #budgets: LogBudgets;
  readonly #asked: AuthorizerBridgeFacts["asked"];
  readonly #forms: Readonly<Record<BridgeForm, { readonly names: TargetNames; readonly settle: Settle }>>;

  constructor(authorizer: AuthorizerRole, { log, budgets, options, asked }: AuthorizerBridgeFacts) {
    const { uri = "TRICORN_URI", method = "TRICORN_METHOD" } = options;
    this.#authorizer = authorizer;
    this.#log = log;
    this.#budgets = budgets;
    this.#asked = asked;
    this.#forms = {
      auth_request: { names: requestNames, settle: settleAuthRequest },
      forward_auth: { names: { uri, method }, settle: sendVerdict },
    };
  }

  /** Takes over a request with this marker. It ends as a decision, whatever happens. */
  handle(exchange: Exchange, marker: string): void {
    if (!isBridgeForm(marker)) {
      exchange.playAs(Role.Authorizer, exchange.params);
      this.#deny(exchange, "ERR_BRIDGE_MARKER", "TRICORN_BRIDGE has a value that is not known");
      return;
    }
    const { names, settle } = this.#forms[marker];
    const params = questionParams(exchange.params, names);
    exchange.playAs(Role.Authorizer, params ?? exchange.params);
    if (params === undefined) {
      const reason = `${names.uri} and ${names.method} do not tell what is asked about`;
      this.#deny(exchange, "ERR_BRIDGE_TARGET", reason);
      return;
    }
    const gates = this.#authorizer.gates.asked(params);
    this.#asked(gates);
    this.#authorizer.ask(exchange, { gates, settle });
  }

  #deny(exchange: Exchange, code: string, reason: string): void {
    const more = this.#budgets.admit(code);
    if (more !== undefined)
      logSafely(() => this.#log.warn({ code, requestId: exchange.id, ...more }, `Denied: ${reason}`));
    this.#authorizer.refuse(exchange, { status: 403, code, reason });
  }
}

const settleAuthRequest: Settle = (exchange, verdict, options) =>
  sendVerdict(exchange, Deny.is(verdict) ? asAuthRequest(verdict) : verdict, options);
