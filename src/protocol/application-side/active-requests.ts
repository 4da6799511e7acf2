import { ProtocolError } from "../../errors.js";
import type { Refusal } from "./application.js";
import type { ApplicationSideHost } from "./application-side-host.js";
import { RecordType } from "../constants.js";
import type { Exchange } from "./exchange.js";
import type { ApplicationSideLimits } from "../limits.js";
import { busyConnection, busyProcess } from "./refusals.js";
import { progressOf } from "./request-phase.js";

/**
 * The request ids of one connection: those that are active, oldest first, and those that were answered while their input
 * was still being sent.
 */
export class ActiveRequests {
  readonly #byId = new Map<number, Exchange>();
  /**
   * By inactive id, the type of the stream whose end is still to come. Closing the connection before it has come could
   * reset the connection and lose the answer.
   */
  readonly #unfinished = new Map<number, number>();
  readonly #limits: ApplicationSideLimits;
  readonly #host: ApplicationSideHost;
  /** Kept and not summed: a connection asks for it after each chunk and each read, whatever the number of requests. */
  #buffered = 0;

  constructor(limits: ApplicationSideLimits, host: ApplicationSideHost) {
    this.#limits = limits;
    this.#host = host;
  }

  /** How many are active. */
  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): IterableIterator<Exchange> {
    return this.#byId.values();
  }

  /** The request of this id; undefined if the id is inactive. */
  get(requestId: number): Exchange | undefined {
    return this.#byId.get(requestId);
  }

  /** Why one more request cannot be active; undefined if it can. */
  refusalOfOneMore(): Refusal | undefined {
    const { requestsPerConnection } = this.#limits;
    if (this.size >= requestsPerConnection) return busyConnection(requestsPerConnection);
    return this.#host.admit() ? undefined : busyProcess;
  }

  /**
   * Makes the id of a request active. Nothing more is sent for the one that had the id before.
   *
   * @throws ProtocolError `ERR_FCGI_DUPLICATE_BEGIN` if the id is active
   */
  add(exchange: Exchange): void {
    if (this.#byId.has(exchange.id)) {
      throw new ProtocolError(
        "ERR_FCGI_DUPLICATE_BEGIN",
        `Cannot begin request: id ${exchange.id} is already active`,
      );
    }
    this.#byId.set(exchange.id, exchange);
    this.#unfinished.delete(exchange.id);
    this.#host.activeChanged(1);
  }

  /** Makes the id of a request inactive. Returns whether it was active. */
  remove(exchange: Exchange): boolean {
    if (this.#byId.get(exchange.id) !== exchange) return false;
    this.#byId.delete(exchange.id);
    this.bufferedChanged(-exchange.paramsBytes);
    this.#host.activeChanged(-1);
    return true;
  }

  /** The same for a request that was answered: the rest of its input may still come. */
  answered(exchange: Exchange): void {
    if (!this.remove(exchange)) return;
    // DATA follows STDIN (section 6.4).
    if (isDataOpen(exchange)) this.#unfinished.set(exchange.id, RecordType.Data);
    else if (isStdinOpen(exchange)) this.#unfinished.set(exchange.id, RecordType.Stdin);
  }

  /** Makes all ids inactive, and returns the requests that had them. */
  removeAll(): readonly Exchange[] {
    const requests = Array.from(this.#byId.values());
    for (const exchange of requests) this.remove(exchange);
    return requests;
  }

  /** A record of an inactive id has come. */
  ignored(type: number, requestId: number, content: Buffer): void {
    if (content.length === 0 && this.#unfinished.get(requestId) === type) this.#unfinished.delete(requestId);
  }

  /** Whether the input of every request that has ended has come. */
  get inputComplete(): boolean {
    return this.#unfinished.size === 0;
  }

  /** Whether nothing more is read for the active requests, except an abort. */
  get hasAllInput(): boolean {
    for (const exchange of this.#byId.values()) if (!isInputComplete(exchange)) return false;
    return true;
  }

  /** Bytes of input that wait for handlers, and of the PARAMS of active requests. */
  get buffered(): number {
    return this.#buffered;
  }

  /** A request was refused. */
  refused(): void {
    this.#host.refused?.();
  }

  /** The peer has broken the protocol in one of them. */
  violated(error: ProtocolError): void {
    this.#host.violated?.(error);
  }

  /** The number of waiting bytes has changed. */
  bufferedChanged(by: number): void {
    if (by === 0) return;
    this.#buffered += by;
    this.#host.bufferedChanged(by);
  }

  /** Whether so much input waits that no more should be read. */
  get inputFull(): boolean {
    const { bufferedPerRequest, bufferedPerConnection } = this.#limits;
    if (this.#buffered < bufferedPerRequest) return false;
    if (this.#buffered >= bufferedPerConnection) return true;
    for (const { input } of this.#byId.values()) {
      if (input !== undefined && input.buffered >= bufferedPerRequest) return true;
    }
    return false;
  }
}

/** Whether the handler of a request has, or will get, all input of its role. */
export function isInputComplete(exchange: Exchange): boolean {
  return !(exchange.inputs.stdin && isStdinOpen(exchange)) && !isDataOpen(exchange);
}

function isStdinOpen({ phase, stdinEnded }: Exchange): boolean {
  return progressOf(phase) === "params" || !stdinEnded;
}

function isDataOpen({ inputs, input }: Exchange): boolean {
  return inputs.data && input?.dataEnded !== true;
}
