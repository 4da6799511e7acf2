import type { RoleInputs } from "./application.js";
import { ByteCollector } from "../byte-collector.js";
import type { Exchange } from "./exchange.js";
import type { ApplicationSideLimits } from "../limits.js";

const noInputs: RoleInputs = { stdin: false, data: false };

/** What is known of an active request id. */
export class ActiveRequest {
  readonly exchange: Exchange;
  /** The input streams of the role that BEGIN_REQUEST named; none where that is unknown. */
  readonly inputs: RoleInputs;
  /** PARAMS as far as they have arrived; undefined once they have ended. */
  params: ByteCollector | undefined;
  /** Bytes of PARAMS, which count as buffered until the request has ended. */
  paramsBytes: number;

  constructor(exchange: Exchange, inputs: RoleInputs = noInputs) {
    this.exchange = exchange;
    this.inputs = inputs;
    this.params = new ByteCollector();
    this.paramsBytes = 0;
  }

  /** Whether STDIN may still bring something. */
  get stdinOpen(): boolean {
    return this.params !== undefined || !this.exchange.stdinEnded;
  }

  /** Whether DATA belongs to the request and may still bring something. */
  get dataOpen(): boolean {
    return this.inputs.data && !this.exchange.dataEnded;
  }

  /** Whether its handler has, or will have, all input that its role gets. */
  get complete(): boolean {
    return !(this.inputs.stdin && this.stdinOpen) && !this.dataOpen;
  }
}

/** The active requests of one connection, oldest first, and how much of their input waits. */
export class ActiveRequests {
  readonly #byId = new Map<number, ActiveRequest>();
  readonly #limits: ApplicationSideLimits;
  #buffered = 0;

  constructor(limits: ApplicationSideLimits) {
    this.#limits = limits;
  }

  /** How many there are. */
  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): IterableIterator<ActiveRequest> {
    return this.#byId.values();
  }

  has(requestId: number): boolean {
    return this.#byId.has(requestId);
  }

  /** The request of this id; undefined where the id is inactive. */
  get(requestId: number): ActiveRequest | undefined {
    return this.#byId.get(requestId);
  }

  add(request: ActiveRequest): void {
    this.#byId.set(request.exchange.id, request);
  }

  /** Makes the id inactive, and returns the request that had it. */
  remove(requestId: number): ActiveRequest | undefined {
    const request = this.#byId.get(requestId);
    if (request === undefined) return undefined;
    this.#byId.delete(requestId);
    this.#buffered -= request.paramsBytes;
    return request;
  }

  /** Makes all ids inactive, and returns the requests that had them. */
  removeAll(): readonly ActiveRequest[] {
    const requests = Array.from(this.#byId.values());
    this.#byId.clear();
    for (const { paramsBytes } of requests) this.#buffered -= paramsBytes;
    return requests;
  }

  /** Bytes of input that wait for handlers. */
  get buffered(): number {
    return this.#buffered;
  }

  /** So many bytes have come to those that wait; a negative number have left. */
  bufferedChanged(by: number): void {
    this.#buffered += by;
  }

  /** Whether so much input waits that no more should be read. */
  get inputFull(): boolean {
    const { bufferedPerRequest, bufferedPerConnection } = this.#limits;
    if (this.#buffered < bufferedPerRequest) return false;
    if (this.#buffered >= bufferedPerConnection) return true;
    for (const { exchange } of this.#byId.values()) {
      if (exchange.buffered >= bufferedPerRequest) return true;
    }
    return false;
  }
}
