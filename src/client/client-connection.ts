import type { Duplex } from "node:stream";

import { ProtocolError } from "../errors.js";
import { WebServerSide, type WebServerSideHost } from "../protocol/web-server-side.js";
import { after } from "./after.js";
import type { Call } from "./call.js";
import { ClientError } from "./client-error.js";
import { ClientExchange, type ClientExchangeHost } from "./client-exchange.js";
import type { ClientSettings } from "./client-options.js";
import { ConnectionOutput } from "./connection-output.js";
import { ValuesQuestion } from "./values-question.js";
import { maxConnectionsIn, merged, requestsPerConnectionIn, VALUE_NAMES, type Values } from "./values.js";

/** What an application has told by its answer to GET_VALUES. */
export interface Learned {
  /** How many connections it takes (FCGI_MAX_CONNS); Infinity where it does not say. */
  readonly maxConnections: number;
  /** Whether the answer came in front of that to the request behind it, as soon as the connection was accepted. */
  readonly atOnce: boolean;
}

/** What the connections of one client share. */
export interface ClientConnectionOwner {
  readonly settings: ClientSettings;
  /** Whether the application is thought to take several requests on one connection, if it says so. */
  readonly multiplexing: boolean;
  /** A first request, or question, is sent on the connection. */
  begun(connection: ClientConnection): void;
  /** The application has sent something on the connection for the first time, so that it has accepted it. */
  heard(connection: ClientConnection): void;
  /** The connection may take more requests than before. */
  available(connection: ClientConnection): void;
  closed(connection: ClientConnection): void;
  retry(call: Call): void;
  multiplexRefused(): void;
  /** The application has answered GET_VALUES, or a further part of its answer has come. */
  learned(what: Learned): void;
}

/**
 * One connection to an application. It feeds the state machine with what the transport brings, and stops reading while
 * too much waits for its readers; `ConnectionOutput` writes what the state machine queues.
 */
export class ClientConnection implements ClientExchangeHost, WebServerSideHost {
  readonly #transport: Duplex;
  readonly #owner: ClientConnectionOwner;
  readonly #side = new WebServerSide(this);
  readonly #output: ConnectionOutput;
  readonly #exchanges = new Set<ClientExchange>();
  readonly #questions = new Set<ValuesQuestion>();
  /** `retired`: no further request is begun, and the connection closes behind those that are active. */
  #state: "open" | "retired" | "closed" = "open";
  /** Requests that may share the connection. */
  #streams: number;
  #served = 0;
  #used = false;
  #heard = false;
  #paused = false;
  /** What the application has said of itself, and whether more of it came with the chunk that is being read. */
  #known: Values = new Map();
  #learned = false;
  #answersAtOnce = false;
  #idleTimer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;

  constructor(transport: Duplex, owner: ClientConnectionOwner) {
    this.#transport = transport;
    this.#owner = owner;
    this.#output = new ConnectionOutput(transport, this.#side.output);
    this.#streams = owner.settings.multiplex === true ? owner.settings.requestsPerConnection : 1;
    transport.on("data", this.#read);
    transport.on("end", this.#lost);
    transport.on("error", this.#failed);
    transport.on("close", this.#lost);
    this.#idle();
  }

  get settings(): ClientSettings {
    return this.#owner.settings;
  }

  /** Requests on their way. */
  get active(): number {
    return this.#exchanges.size;
  }

  /** How many more requests may be started now. */
  get room(): number {
    if (this.#state !== "open") return 0;
    return (this.multiplexes ? this.#streams : 1) - this.#exchanges.size;
  }

  /** Whether nothing was ever sent on it. */
  get unused(): boolean {
    return !this.#used;
  }

  /** Whether the application is known to have accepted it. */
  get accepted(): boolean {
    return this.#heard;
  }

  /** Whether nothing is on its way. */
  get idle(): boolean {
    return this.#state === "open" && this.#exchanges.size === 0 && this.#questions.size === 0;
  }

  /** Whether several requests may share it. */
  get multiplexes(): boolean {
    return this.#owner.multiplexing && this.#streams > 1;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get writable(): boolean {
    return this.#output.writable;
  }

  /** Sends a request; there must be {@link room}. */
  start(call: Call): void {
    const { keepConnection, multiplex } = this.settings;
    this.#busy();
    const shared = this.#exchanges.size > 0;
    const onIdleConnection = this.#served > 0 && !shared;
    this.#served += 1;
    if (this.#served === 1 && keepConnection && multiplex === undefined && this.#owner.multiplexing) {
      // Together with the first request: an answer that never comes then delays nothing.
      this.#side.getValues(VALUE_NAMES, (values) => {
        this.#known = merged(this.#known, values);
        this.#learned = true;
        for (const exchange of this.#exchanges) if (!exchange.touched) this.#answersAtOnce = true;
      });
    }
    const exchange = new ClientExchange(call, this, { onIdleConnection, shared });
    this.#exchanges.add(exchange);
    if (!keepConnection) this.#state = "retired";
    const { role, params, inputs } = call;
    exchange.send(
      this.#side.begin({ role, keepConnection, params, inputs: inputs.map(({ type }) => type) }, exchange),
    );
  }

  /** Asks the application for its values (section 4.1); empty where it does not know GET_VALUES. */
  askValues(): Promise<Values> {
    this.#busy();
    const question = new ValuesQuestion(this.#side, this.settings.timeouts.response, {
      settled: () => {
        this.#questions.delete(question);
        if (this.#exchanges.size === 0) this.#idle();
        this.#closeIfDone();
        if (this.#state === "open") this.#owner.available(this);
      },
      expired: () => this.retire(),
    });
    this.#questions.add(question);
    return question.answer;
  }

  /** Starts no further request, and closes as soon as none is active. */
  retire(): void {
    if (this.#state === "open") this.#state = "retired";
    this.#closeIfDone();
  }

  /** Closes at once; what is active fails with this error. */
  destroy(error: ClientError): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#idleTimer);
    this.#transport.destroy();
    for (const question of this.#questions) question.fail(error);
    for (const exchange of this.#exchanges) exchange.connectionLost(error);
    this.#exchanges.clear();
    this.#output.close();
    this.#owner.closed(this);
  }

  outputQueued(): void {
    this.#output.queued();
  }

  drained(): Promise<void> {
    return this.#output.drained();
  }

  answerConsumed(): void {
    if (this.#paused) this.#adjustReading();
  }

  exchangeEnded(exchange: ClientExchange): void {
    if (!this.#exchanges.delete(exchange) || this.#state === "closed") return;
    if (this.#state === "open" && this.#exchanges.size === 0) this.#idle();
    this.#closeIfDone();
    if (this.#state === "open") this.#owner.available(this);
  }

  exchangeGivenUp(exchange: ClientExchange): void {
    if (this.#state === "closed") return;
    if (!this.settings.keepConnection) {
      this.#finish();
      return;
    }
    exchange.abort();
    const timer = after(this.settings.timeouts.abort, () => {
      if (this.#exchanges.has(exchange)) this.retire();
    });
    timer?.unref();
  }

  multiplexRefused(): void {
    this.#owner.multiplexRefused();
  }

  retry(call: Call): void {
    this.#owner.retry(call);
  }

  #learn(): void {
    this.#learned = false;
    this.#streams = Math.min(requestsPerConnectionIn(this.#known), this.settings.requestsPerConnection);
    this.#owner.learned({ maxConnections: maxConnectionsIn(this.#known), atOnce: this.#answersAtOnce });
    if (this.#state === "open") this.#owner.available(this);
  }

  readonly #read = (chunk: Buffer): void => {
    if (this.#state === "closed") return;
    if (!this.#heard) {
      this.#heard = true;
      this.#owner.heard(this);
    }
    // Of several requests it could be any one's: each hears of its own records alone.
    if (this.#exchanges.size === 1) for (const exchange of this.#exchanges) exchange.received();
    try {
      this.#side.receive(chunk);
    } catch (cause) {
      const message = cause instanceof ProtocolError ? cause.message : "Cannot read from the application";
      this.destroy(new ClientError("ERR_CLIENT_PROTOCOL", message, { cause }));
      return;
    }
    // Only now: what is begun upon the first of several records could be too much by the next one.
    if (this.#learned) this.#learn();
    this.#adjustReading();
  };

  readonly #failed = (error: Error): void => {
    this.#failure = error;
  };

  readonly #lost = (): void => {
    const message = "Cannot complete request: the application closed the connection before END_REQUEST";
    this.destroy(new ClientError("ERR_CLIENT_CLOSED", message, { cause: this.#failure }));
  };

  /** A retired connection closes when nobody waits for an answer any more. */
  #closeIfDone(): void {
    if (this.#state !== "retired" || this.#questions.size > 0) return;
    for (const exchange of this.#exchanges) if (!exchange.settled) return;
    this.#finish();
  }

  /** Closes without an error. What was queued still leaves, unless it belongs to a request that was given up. */
  #finish(): void {
    this.#output.flush();
    this.#state = "closed";
    clearTimeout(this.#idleTimer);
    const transport = this.#transport;
    if (this.#exchanges.size > 0) {
      transport.destroy();
    } else {
      transport.resume();
      transport.end(() => transport.destroy());
      // An application that does not read to the end must not hold it open.
      after(this.settings.timeouts.abort, () => transport.destroy())?.unref();
    }
    this.#exchanges.clear();
    this.#output.close();
    this.#owner.closed(this);
  }

  #adjustReading(): void {
    if (this.#state === "closed") return;
    const { bufferedPerRequest, bufferedPerConnection } = this.settings.limits;
    let total = 0;
    let full = false;
    for (const { buffered } of this.#exchanges) {
      total += buffered;
      full ||= buffered >= bufferedPerRequest;
    }
    full ||= total >= bufferedPerConnection;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#transport.pause();
    else this.#transport.resume();
  }

  /** An idle connection keeps no process alive, and is closed after a while. */
  #idle(): void {
    if (this.#state !== "open") return;
    setReferenced(this.#transport, false);
    clearTimeout(this.#idleTimer);
    this.#idleTimer = after(this.settings.timeouts.idle, () => this.retire());
    this.#idleTimer?.unref();
  }

  #busy(): void {
    clearTimeout(this.#idleTimer);
    setReferenced(this.#transport, true);
    if (this.#used) return;
    this.#used = true;
    this.#owner.begun(this);
  }
}

/** Sockets can keep the process alive or not; other two-way streams know nothing of it. */
function setReferenced(transport: Duplex, referenced: boolean): void {
  const method: unknown = Reflect.get(transport, referenced ? "ref" : "unref");
  if (typeof method === "function") method.call(transport);
}
