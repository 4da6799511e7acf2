import type { AbortedError } from "../errors.js";
import type { Application, Refusal, RoleInputs } from "../protocol/application.js";
import { ProtocolStatus, Role } from "../protocol/constants.js";
import type { Exchange } from "../protocol/exchange.js";
import type { Dispatcher } from "../roles/dispatcher.js";
import { checkBridges, checkVouchesFor, type ListenerOptions } from "./bridge-options.js";
import { FilterBridge } from "./filter-bridge.js";

/** Web servers send STDIN in the responder role (section 6.2). */
const responderInputs: RoleInputs = { stdin: true, data: false };

/**
 * An application as one listener sees it: what its Web server vouches for, and the doors over the responder role that
 * lead to the other two. The application itself stays one, whatever it is served on.
 */
export class BridgedApplication implements Application {
  readonly #dispatcher: Dispatcher;
  readonly #vouchesFor: readonly string[];
  #filterBridge: FilterBridge | undefined;

  private constructor(dispatcher: Dispatcher, { bridges = {}, vouchesFor = [] }: ListenerOptions) {
    checkBridges(bridges);
    this.#dispatcher = dispatcher;
    this.#vouchesFor = checkVouchesFor(vouchesFor);
  }

  /**
   * @throws ConfigurationError `ERR_BRIDGE`, `ERR_VOUCHES_FOR` for options that cannot be meant so, `ERR_DOCUMENT_ROOT` for
   *   a folder that cannot be served
   */
  static async open(dispatcher: Dispatcher, options: ListenerOptions = {}): Promise<BridgedApplication> {
    const bridged = new BridgedApplication(dispatcher, options);
    const filter = options.bridges?.filter;
    if (filter !== undefined) bridged.#filterBridge = await FilterBridge.open(dispatcher, filter);
    return bridged;
  }

  inputs(role: number): RoleInputs | undefined {
    // A bridge may lead from there to a role that is played.
    return this.#dispatcher.inputs(role) ?? (role === Role.Responder ? responderInputs : undefined);
  }

  dispatch(exchange: Exchange): void {
    exchange.vouchesFor = this.#vouchesFor;
    this.#answer(exchange);
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
    if (this.#dispatcher.inputs(exchange.role) === undefined) {
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
