import type { AbortedError } from "../errors.js";
import { logSafely } from "../log/log-safely.js";
import type { Application, Refusal, RoleInputs } from "../protocol/application-side/application.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import { unknownRole } from "../protocol/application-side/refusals.js";
import { Role, roleName } from "../protocol/constants.js";
import { ObservedRequests } from "../events/observed-requests.js";
import type { RequestObserver } from "../events/request-event.js";
import { throughDoors, type Dispatch, type Door } from "./door.js";
import { responderInputs } from "./responder.js";
import type { Roles } from "./roles.js";

/** What one listener adds to the roles of an application. */
export interface DispatcherOptions {
  /** What a request passes before its role handles it, in order; none by default. */
  readonly doors?: readonly Door[] | undefined;
  /** The names of the params that the listener's Web server vouches for, the most trusted first; none by default. */
  readonly vouchesFor?: readonly string[] | undefined;
  /** Observers of each request, beside the subscribers of the channels. */
  readonly observers?: readonly RequestObserver[] | undefined;
}

/**
 * An application as one listener serves it: hands each request through the listener's doors to its role, which
 * BEGIN_REQUEST names. Any number of dispatchers share the roles.
 */
export class Dispatcher implements Application {
  readonly #roles: Roles;
  readonly #vouchesFor: readonly string[];
  readonly #enter: Dispatch;
  readonly #requests: ObservedRequests;
  /** Inputs of the responder role if the application has no responder: doors lead its requests to other roles. */
  readonly #responderInputs: RoleInputs | undefined;

  constructor(roles: Roles, { doors = [], vouchesFor = [], observers }: DispatcherOptions = {}) {
    this.#roles = roles;
    this.#requests = new ObservedRequests(observers);
    this.#vouchesFor = vouchesFor;
    this.#responderInputs = doors.length > 0 ? responderInputs : undefined;
    this.#enter = throughDoors(doors, (exchange) => this.#handle(exchange));
  }

  inputs(role: number): RoleInputs | undefined {
    return this.#roles.get(role)?.inputs ?? (role === Role.Responder ? this.#responderInputs : undefined);
  }

  dispatch(exchange: Exchange): void {
    exchange.vouchesFor = this.#vouchesFor;
    if (this.#requests.areObserved) this.#requests.start(exchange, () => this.#enter(exchange));
    else this.#enter(exchange);
  }

  refuse(exchange: Exchange, refusal: Refusal): void {
    if (this.#requests.areObserved)
      this.#requests.start(exchange, () => this.#roles.refuse(exchange, refusal));
    else this.#roles.refuse(exchange, refusal);
  }

  timeLimit(role: number): number {
    const { authorizer, handler } = this.#roles.timeouts;
    return role === Role.Authorizer ? authorizer : handler;
  }

  aborted({ id: requestId, role }: Exchange, { code, message }: AbortedError): void {
    const { log } = this.#roles.context;
    logSafely(() => log.debug({ role: roleName(role), requestId, code }, message));
  }

  #handle(exchange: Exchange): void {
    const played = this.#roles.get(exchange.role);
    if (played === undefined) this.#roles.refuse(exchange, unknownRole(exchange.role));
    else played.handle(exchange);
  }
}
