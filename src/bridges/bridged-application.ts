import { ConfigurationError, type AbortedError } from "../errors.js";
import type { Application, Refusal, RoleInputs } from "../protocol/application-side/application.js";
import { ProtocolStatus, Role } from "../protocol/constants.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import type { Params } from "../protocol/params.js";
import type { Gate } from "../roles/authorizer-gates.js";
import type { Dispatcher } from "../roles/dispatcher.js";
import { AuthorizerBridge } from "./authorizer/authorizer-bridge.js";
import { AuthorizerGuard } from "./authorizer/authorizer-guard.js";
import { checkBridges, checkVouchesFor, type ListenerOptions } from "./bridge-options.js";
import { bridgeMarker } from "./authorizer/bridge-question.js";
import type { FilterBridge } from "./filter/filter-bridge.js";
import { UnaskedAuthorizers } from "./authorizer/unasked-authorizers.js";

/** Web servers send STDIN in the responder role (section 6.2). */
const responderInputs: RoleInputs = { stdin: true, data: false };

/** Section 6.3 keeps PATH_INFO from authorizers, and clients may choose where it begins. */
const passedBy: Refusal = {
  status: 403,
  code: "ERR_MOUNT_UNDECLARED",
  reason: "an authorizer decides about this path below a mount that was not declared",
};

/**
 * An application as one listener sees it: what its Web server vouches for, and the doors over the responder role that
 * lead to the other two. The application itself stays one, whatever it is served on.
 */
export class BridgedApplication implements Application {
  readonly #dispatcher: Dispatcher;
  readonly #hasResponders: boolean;
  readonly #vouchesFor: readonly string[];
  readonly #authorizerBridge: AuthorizerBridge;
  /** There where this process asks the authorizers itself. */
  readonly #guard: AuthorizerGuard | undefined;
  /** There where somebody else has to. */
  readonly #unasked: UnaskedAuthorizers | undefined;
  /** There where a folder was declared for it. */
  #filterBridge: FilterBridge | undefined;

  private constructor(dispatcher: Dispatcher, { bridges = {}, vouchesFor = [] }: ListenerOptions) {
    checkBridges(bridges);
    const { authorizer, context } = dispatcher;
    const { log, budgets } = context;
    const { authorizer: options = {} } = bridges;
    this.#dispatcher = dispatcher;
    this.#hasResponders = dispatcher.inputs(Role.Responder) !== undefined;
    this.#vouchesFor = checkVouchesFor(vouchesFor);
    if (options.inProcess === true) {
      if (authorizer.gates.count === 0) throw nobodyToAsk();
      this.#guard = new AuthorizerGuard(authorizer);
    } else if (authorizer.gates.count > 0) {
      this.#unasked = new UnaskedAuthorizers(authorizer.gates, context);
    }
    const asked = (gates: readonly Gate[]): void => this.#unasked?.note(gates);
    this.#authorizerBridge = new AuthorizerBridge(authorizer, { log, budgets, options, asked });
  }

  /**
   * @throws ConfigurationError `ERR_BRIDGE`, `ERR_VOUCHES_FOR` for options that cannot be meant so, `ERR_DOCUMENT_ROOT` for
   *   a folder that cannot be served
   */
  static async open(dispatcher: Dispatcher, options: ListenerOptions = {}): Promise<BridgedApplication> {
    const bridged = new BridgedApplication(dispatcher, options);
    const filter = options.bridges?.filter;
    if (filter !== undefined) {
      const { gates } = dispatcher.authorizer;
      // The guard asks by more readings of a path than a Web server does.
      const asked = bridged.#guard && ((params: Params) => gates.guarding(params) ?? []);
      // With its cache and its files: loaded where it is declared.
      const { FilterBridge } = await import("./filter/filter-bridge.js");
      bridged.#filterBridge = await FilterBridge.open(dispatcher, { ...filter, asked });
    }
    return bridged;
  }

  inputs(role: number): RoleInputs | undefined {
    // A bridge may lead from there to a role that is played.
    return this.#dispatcher.inputs(role) ?? (role === Role.Responder ? responderInputs : undefined);
  }

  dispatch(exchange: Exchange): void {
    exchange.vouchesFor = this.#vouchesFor;
    const { role } = exchange;
    if (role === Role.Responder) {
      // Always honoured: only a Web server's configuration can set it, and a page must not count as "allowed".
      const marker = bridgeMarker(exchange.params);
      if (marker !== undefined) {
        this.#authorizerBridge.handle(exchange, marker);
        return;
      }
      this.#unasked?.see(exchange);
    }
    if (role !== Role.Responder && role !== Role.Filter) this.#answer(exchange);
    else if (this.#guard !== undefined) this.#guard.handle(exchange, () => this.#answer(exchange));
    // The guard asks them; nobody else can.
    else if (this.#dispatcher.authorizer.gates.passedBy(exchange.params).length > 0)
      this.refuse(exchange, passedBy);
    else this.#answer(exchange);
  }

  refuse(exchange: Exchange, refusal: Refusal): void {
    this.#dispatcher.refuse(exchange, refusal);
  }

  timeLimit(role: number): number {
    return this.#dispatcher.timeLimit(role);
  }

  aborted(exchange: Exchange, reason: AbortedError): void {
    this.#dispatcher.aborted(exchange, reason);
  }

  /** Lets a bridge to the filters look at the request first, where there is one; then whoever plays its role answers. */
  #answer(exchange: Exchange): void {
    const filter = exchange.role === Role.Responder ? this.#filterBridge : undefined;
    if (filter === undefined) this.#dispatch(exchange);
    else filter.handle(exchange, { otherwise: () => this.#dispatch(exchange) });
  }

  #dispatch(exchange: Exchange): void {
    if (exchange.role === Role.Responder && !this.#hasResponders) {
      this.#dispatcher.refuse(exchange, {
        status: 500,
        code: "ERR_UNKNOWN_ROLE",
        reason: "nothing here plays RESPONDER",
        protocolStatus: ProtocolStatus.UnknownRole,
      });
      return;
    }
    this.#dispatcher.dispatch(exchange);
  }
}

function nobodyToAsk(): ConfigurationError {
  return new ConfigurationError(
    "ERR_BRIDGE",
    "Cannot serve: bridges.authorizer.inProcess is true, and the application has no authorizer; list it among the " +
      "controllers, or leave the option out",
  );
}
