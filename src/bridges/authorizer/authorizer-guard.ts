import { Role } from "../../protocol/constants.js";
import type { Exchange } from "../../protocol/application-side/exchange.js";
import type { AuthorizerRole, Settle, VerdictOptions } from "../../roles/authorizer.js";
import { Reply } from "../../roles/reply.js";
import { sendReply } from "../../roles/send-reply.js";
import { Allow, NOT_IN_DENIALS, deny, type Deny } from "../../roles/verdict.js";
import { guardParams, withVariables, withoutVariables } from "./guard-params.js";

/**
 * Asks the authorizers in this process before a responder or filter runs, for Web servers that cannot ask. While they
 * decide, the request is an authorizer's, with the time limit and the ways to be refused of that role; a denial is its
 * answer. Only an allow makes it what it was, and what they hand on its params.
 */
export class AuthorizerGuard {
  readonly #authorizer: AuthorizerRole;

  constructor(authorizer: AuthorizerRole) {
    this.#authorizer = authorizer;
  }

  /** Calls `proceed` if the request may pass; answers it otherwise. What no authorizer covers may pass. */
  handle(exchange: Exchange, proceed: () => void): void {
    const { role, params } = exchange;
    const { gates } = this.#authorizer;
    const guarding = gates.guarding(params);
    if (guarding === undefined) {
      // It could be read in a way that an authorizer was declared for.
      sendDenial(exchange, deny(400));
      return;
    }
    // A variable of an authorizer comes from there alone: what a server took from a client is no such thing.
    const own = withoutVariables(params, gates.variables);
    if (guarding.length === 0) {
      exchange.params = own;
      proceed();
      return;
    }
    const settle: Settle = (_exchange, verdict, options) => {
      if (!Allow.is(verdict)) {
        sendDenial(exchange, verdict, options);
        return;
      }
      exchange.playAs(role, withVariables(own, verdict.variables));
      proceed();
    };
    exchange.playAs(Role.Authorizer, guardParams(own));
    this.#authorizer.ask(exchange, { gates: guarding, settle });
  }
}

/** Answers with a denial as with any reply: this goes to the client, so that HEAD and 304 have no body. */
function sendDenial(
  exchange: Exchange,
  { status, headers, body, type }: Deny,
  { limits }: Partial<VerdictOptions> = {},
): void {
  if (exchange.started) {
    exchange.breakOff();
    return;
  }
  const reply = new Reply(body, { status, headers, type });
  // Its maker could have changed them since they were checked.
  for (const [name] of headers) if (NOT_IN_DENIALS.test(name)) reply.headers.delete(name);
  void sendReply(exchange, reply, { headLimits: limits });
}
