import { ReplyHeaders } from "../../http/header-fields.js";
import { logSafely } from "../../log/log-safely.js";
import { Role } from "../../protocol/constants.js";
import type { Exchange } from "../../protocol/application-side/exchange.js";
import { sendVerdict, type VerdictSender } from "../../roles/authorizer.js";
import type { Door } from "../../roles/door.js";
import type { Roles } from "../../roles/roles.js";
import { Deny } from "../../roles/verdict.js";
import type { AuthorizerBridgeOptions } from "../bridge-options.js";
import {
  bridgeMarker,
  isBridgeForm,
  questionParams,
  requestNames,
  type BridgeForm,
  type TargetNames,
} from "./authorizer-params.js";
import type { UnaskedAuthorizers } from "./unasked-authorizers.js";

/** How authorizers are asked over the responder role. */
export interface AuthorizerQuestionsOptions extends Pick<AuthorizerBridgeOptions, "uri" | "method"> {
  /** Notes the authorizers that were asked; optional. */
  readonly unasked?: UnaskedAuthorizers | undefined;
}

/**
 * The door to the authorizers over the responder role (section 6.2): a request with a TRICORN_BRIDGE marker asks whether
 * another request may pass. It becomes an authorizer request (section 6.3), with the same rules and denials; only the form of
 * a denial is the one that the asking Web server understands.
 *
 * A marker is always honoured: only the Web server's configuration can set it, and a responder's page must not count as
 * "allowed".
 */
export function authorizerQuestions(
  { authorizer, context }: Roles,
  { uri = "TRICORN_URI", method = "TRICORN_METHOD", unasked }: AuthorizerQuestionsOptions,
): Door {
  const forms: Readonly<Record<BridgeForm, { readonly names: TargetNames; readonly send: VerdictSender }>> = {
    auth_request: { names: requestNames, send: sendAuthRequest },
    forward_auth: { names: { uri, method }, send: sendVerdict },
  };
  const refuse = (exchange: Exchange, code: string, reason: string): void => {
    const more = context.budgets.admit(code);
    if (more !== undefined)
      logSafely(() => context.log.warn({ code, requestId: exchange.id, ...more }, `Denied: ${reason}`));
    exchange.observer?.refused(code);
    authorizer.refuse(exchange, { status: 403, code, reason });
  };
  const ask = (exchange: Exchange, marker: string): void => {
    if (!isBridgeForm(marker)) {
      exchange.playAs(Role.Authorizer, exchange.params);
      refuse(exchange, "ERR_BRIDGE_MARKER", "TRICORN_BRIDGE has an unknown value");
      return;
    }
    const { names, send } = forms[marker];
    const params = questionParams(exchange.params, names);
    exchange.playAs(Role.Authorizer, params ?? exchange.params);
    if (params === undefined) {
      const reason = `${names.uri} or ${names.method} is missing, repeated or malformed`;
      refuse(exchange, "ERR_BRIDGE_TARGET", reason);
      return;
    }
    const gates = authorizer.gates.asked(params);
    unasked?.note(gates);
    authorizer.ask(exchange, { gates, send });
  };
  return (exchange, next) => {
    const marker = exchange.role === Role.Responder ? bridgeMarker(exchange.params) : undefined;
    if (marker === undefined) next(exchange);
    else ask(exchange, marker);
  };
}

const sendAuthRequest: VerdictSender = (exchange, verdict, options) =>
  sendVerdict(exchange, Deny.is(verdict) ? asAuthRequest(verdict) : verdict, options);

/** The fields with the original status and location of a denial, for a configuration that restores them. */
const STATUS_FIELD = "Tricorn-Status";
const LOCATION_FIELD = "Tricorn-Location";

/** The redirects (RFC 9110, section 15.4) that nginx's `return` knows. */
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * A denial in the form of nginx's auth_request: 401 with its WWW-Authenticate, and 403; nginx shows everything else as a
 * 500. So a redirect becomes a 401, and any other status below 500 a 403; two fields carry the original. nginx does not
 * show them to the client, and no client can set them: they are response fields.
 */
export function asAuthRequest(denial: Deny): Deny {
  const { status, body, type } = denial;
  const headers = new ReplyHeaders(denial.headers).delete(STATUS_FIELD).delete(LOCATION_FIELD);
  if (status === 401 || status === 403 || status >= 500) return new Deny(status, { headers, body, type });
  headers.append(STATUS_FIELD, status);
  if (REDIRECT_STATUSES.has(status) && headers.getAll("Location").length === 1) {
    return new Deny(401, { headers: headers.rename("Location", LOCATION_FIELD), body, type });
  }
  return new Deny(403, { headers: headers.delete("Location"), body, type });
}
