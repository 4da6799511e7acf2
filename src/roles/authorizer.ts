import type { Refusal, RoleInputs } from "../protocol/application-side/application.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import { AuthorizerGates, type Gate } from "./authorizer-gates.js";
import { AuthorizerRequest } from "./authorizer-request.js";
import { repeatedCredential } from "../http/credentials.js";
import type { AuthorizerDefinition } from "./definitions.js";
import { checkHead, checkedType, statusLine, type HeadLimits } from "../http/head.js";
import { utf8AsLatin1 } from "../http/header-fields.js";
import type { RequestContext } from "./request-context.js";
import { Allow, Deny, NOT_IN_DENIALS, deny, type Verdict } from "./verdict.js";

/** What a verdict is sent with. */
export interface VerdictOptions {
  readonly limits: HeadLimits;
}

/**
 * Carries out a verdict: sends it, or passes an allowed request to the next door.
 *
 * @throws HeaderError for a verdict that cannot be sent; nothing was written then, and it is called again with a denial
 */
export type VerdictSender = (exchange: Exchange, verdict: Verdict, options: VerdictOptions) => void;

/** A question about a request that came in another role. */
export interface Question {
  /** The authorizers that decide. */
  readonly gates: readonly Gate[];
  readonly send: VerdictSender;
}

/**
 * Plays the authorizer role (section 6.3). It never fails open: only an `Allow` from every matching authorizer lets a
 * request pass, and everything else is answered with a status that denies. lighttpd would take an END_REQUEST without a
 * status for "allowed".
 */
export class AuthorizerRole {
  /** Servers send no body, and Apache does not even end STDIN, so nothing ever waits for it. */
  readonly inputs: RoleInputs = { stdin: false, data: false };
  /** Selects the authorizers that decide about a request. */
  readonly gates: AuthorizerGates;
  readonly #context: RequestContext;
  /** How the verdicts about requests of other roles are sent. */
  readonly #senders = new WeakMap<Exchange, VerdictSender>();

  constructor(definitions: readonly AuthorizerDefinition[], context: RequestContext) {
    this.#context = context;
    this.gates = new AuthorizerGates(definitions, context.mount);
  }

  handle(exchange: Exchange): void {
    this.#handle(exchange, this.gates.asked(exchange.params));
  }

  /** Decides about a request that came in another role and is played as an authorizer's. */
  ask(exchange: Exchange, { gates, send }: Question): void {
    this.#senders.set(exchange, send);
    this.#handle(exchange, gates);
  }

  /** Denies at once, even while a handler runs or before it was called. */
  refuse(exchange: Exchange, { status }: Refusal): void {
    this.#send(exchange, deny(status));
  }

  #handle(exchange: Exchange, gates: readonly Gate[]): void {
    const request = new AuthorizerRequest(exchange, this.#context);
    const failed = (error: unknown): void => {
      request.logFailure(error);
      this.#send(exchange, deny(request.abortReason === undefined ? 500 : 503));
    };
    const decided = this.#decide(request, gates);
    exchange.observer?.waits(decided);
    decided.then((verdict) => {
      try {
        this.#send(exchange, verdict);
      } catch (error) {
        failed(error);
      }
    }, failed);
  }

  async #decide(request: AuthorizerRequest, gates: readonly Gate[]): Promise<Verdict> {
    if (gates.length === 0) {
      const code = "ERR_NO_AUTHORIZER";
      request.logLimited("Denied: no authorizer decides about this path", { kind: code, code });
      return deny(403);
    }
    const repeated = repeatedCredential(request.params);
    if (repeated !== undefined) {
      const code = "ERR_CREDENTIALS_REPEATED";
      request.logLimited(`Denied: ${repeated} was sent more than once`, { kind: code, code });
      return deny(400);
    }
    const variables = new Map<string, string>();
    for (const gate of gates) {
      request.route = gate.name;
      const verdict = gate.checked(await gate.authorize(request));
      // The first denial is the answer; a single authorizer needs no merging.
      if (!Allow.is(verdict) || gates.length === 1) return verdict;
      for (const [name, value] of verdict.variables) variables.set(name, value);
    }
    return new Allow(variables);
  }

  #send(exchange: Exchange, verdict: Verdict): void {
    if (exchange.ended) return;
    const send = this.#senders.get(exchange) ?? sendVerdict;
    // The request is aborted: an allow must not reach a peer that may have left.
    const decided = Allow.is(verdict) && exchange.aborted !== undefined ? deny(503) : verdict;
    exchange.observer?.decided(Allow.is(decided));
    send(exchange, decided, { limits: this.#context.headLimits });
  }
}

/**
 * Answers with a verdict in the form of the authorizer role (section 6.3), in one write.
 *
 * @throws HeaderError for a header block that Web servers would not accept; nothing was written then
 */
export function sendVerdict(exchange: Exchange, verdict: Verdict, { limits }: VerdictOptions): void {
  if (Allow.is(verdict)) {
    let head = statusLine(200);
    for (const [name, value] of verdict.variables) head += `Variable-${name}: ${utf8AsLatin1(value)}\r\n`;
    checkHead(head, verdict.variables.size, limits);
    exchange.answer({ head: `${head}\r\n`, body: "", bodyLength: 0 });
    return;
  }
  // Brand checked again: nothing else has a status that is sure to deny.
  const { status, headers, body, type } = Deny.is(verdict) ? verdict : deny(503);
  const bodyLength = Buffer.byteLength(body);
  let head = statusLine(status);
  if (!headers.has("content-type")) head += `Content-Type: ${checkedType(type)}\r\n`;
  head += `Content-Length: ${bodyLength}\r\n`;
  for (const [name, value] of headers) {
    // The authorizer could have changed them since they were checked.
    if (!NOT_IN_DENIALS.test(name)) head += `${name}: ${value}\r\n`;
  }
  checkHead(head, headers.size, limits);
  exchange.answer({ head: `${head}\r\n`, body, bodyLength });
}
