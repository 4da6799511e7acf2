import { Role } from "../../protocol/constants.js";
import type { Exchange } from "../../protocol/application-side/exchange.js";
import type { AuthorizerRole, VerdictOptions } from "../../roles/authorizer.js";
import type { Door } from "../../roles/door.js";
import { Reply } from "../../roles/reply.js";
import { sendReply } from "../../roles/send-reply.js";
import { guardParams, withVariables, withoutVariables } from "./authorizer-params.js";
import { Allow, NOT_IN_DENIALS, deny, type Deny } from "../../roles/verdict.js";

/**
 * The door that asks the authorizers in this process before a responder or filter runs, for Web servers that cannot ask.
 * While they decide, the request has the authorizer role, with its time limit and refusals; a denial is the answer. An allow
 * gives it its own role back, with the authorizers' variables among its params. A request that no authorizer covers passes.
 */
export function authorizerGuard(authorizer: AuthorizerRole): Door {
  const { gates } = authorizer;
  return (exchange, next) => {
    const { role, params } = exchange;
    if (role !== Role.Responder && role !== Role.Filter) {
      next(exchange);
      return;
    }
    const guarding = gates.guarding(params);
    if (guarding === undefined) {
      // One of its readings could be a path that an authorizer is declared for.
      sendDenial(exchange, deny(400));
      return;
    }
    // Variables of an authorizer come from the authorizer only: the Web server may have taken these from a client.
    const own = withoutVariables(params, gates.variables);
    if (guarding.length === 0) {
      exchange.params = own;
      next(exchange);
      return;
    }
    exchange.playAs(Role.Authorizer, guardParams(own));
    authorizer.ask(exchange, {
      gates: guarding,
      send: (_exchange, verdict, options) => {
        if (!Allow.is(verdict)) {
          sendDenial(exchange, verdict, options);
          return;
        }
        exchange.playAs(role, withVariables(own, verdict.variables));
        next(exchange);
      },
    });
  };
}

/** Answers with a denial as with any reply: it goes to the client, so HEAD and 304 have no body. */
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
  // The authorizer could have changed them since they were checked.
  for (const [name] of headers) if (NOT_IN_DENIALS.test(name)) reply.headers.delete(name);
  void sendReply(exchange, reply, { headLimits: limits });
}
