import type { Duplex } from "node:stream";

import { ProtocolError } from "../errors.js";
import { WebServerSide, type WebServerSideHost } from "../protocol/web-server-side.js";
import { after } from "./after.js";
import type { PendingRequest } from "./pending-request.js";
import { ClientError } from "./client-error.js";
import type { ConnectionObserver } from "./client-observer.js";
import { ClientExchange, type ClientExchangeHost } from "./client-exchange.js";
import type { ClientSettings } from "./client-options.js";
import { ConnectionOutput } from "./connection-output.js";
import type { ClientConnectionOwner } from "./connection-owner.js";
import { IdleTimer } from "./idle-timer.js";
import { ValuesQuestion } from "./values-question.js";
import { ReportedValues, VALUE_NAMES, type Values } from "./values.js";

/**
 * One connection to an application. It passes bytes from the transport to the state machine, and stops reading while too many
 * bytes are unread; `ConnectionOutput` writes the queued records.
 */
export class ClientConnection implements ClientExchangeHost, WebServerSideHost {
  readonly #transport: Duplex;
  readonly #owner: ClientConnectionOwner<ClientConnection>;
  readonly #observer: ConnectionObserver | undefined;
  readonly #side = new WebServerSide(this);
  readonly #output: ConnectionOutput;
  readonly #exchanges = new Set<ClientExchange>();
  readonly #questions = new Set<ValuesQuestion>();
  /** `retired`: no new request starts, and the connection closes after the active ones. */
  #state: "open" | "retired" | "closed" = "open";
  /** The number of requests that may share the connection. */
  #capacity: number;
  #served = 0;
  #used = false;
  #accepted = false;
  #paused = false;
  readonly #values = new ReportedValues();
  readonly #idleTimer: IdleTimer;
  #failure: Error | undefined;

  constructor(transport: Duplex, owner: ClientConnectionOwner<ClientConnection>) {
    this.#transport = transport;
    this.#owner = owner;
    this.#observer = owner.settings.observe?.opened();
    this.#output = new ConnectionOutput(transport, { records: this.#side.output, observer: this.#observer });
    this.#capacity = owner.settings.multiplex === true ? owner.settings.requestsPerConnection : 1;
    this.#idleTimer = new IdleTimer(transport, owner.settings.timeouts.idle, () => this.retire());
    transport.on("data", this.#read);
    transport.on("end", this.#lost);
    transport.on("error", this.#failed);
    transport.on("close", this.#lost);
    if (this.#observer !== undefined) transport.on("close", () => this.#observer!.closed());
    this.#idleTimer.start();
  }

  get settings(): ClientSettings {
    return this.#owner.settings;
  }

  /** The number of active requests. */
  get active(): number {
    return this.#exchanges.size;
  }

  /** How many more requests can be started. */
  get room(): number {
    if (this.#state !== "open") return 0;
    return (this.multiplexes ? this.#capacity : 1) - this.#exchanges.size;
  }

  /** Whether nothing has been sent on it. */
  get unused(): boolean {
    return !this.#used;
  }

  /** Whether the application is known to have accepted it. */
  get accepted(): boolean {
    return this.#accepted;
  }

  /** Whether nothing is active. */
  get idle(): boolean {
    return this.#state === "open" && this.#exchanges.size === 0 && this.#questions.size === 0;
  }

  /** Whether requests may share it. */
  get multiplexes(): boolean {
    return this.#owner.multiplexing && this.#capacity > 1;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get writable(): boolean {
    return this.#output.writable;
  }

  /** Sends a request. Requires {@link room}. */
  start(request: PendingRequest): void {
    const { keepConnection, multiplex } = this.settings;
    this.#busy();
    const shared = this.#exchanges.size > 0;
    const onIdleConnection = this.#served > 0 && !shared;
    this.#served += 1;
    if (this.#served === 1 && keepConnection && multiplex === undefined && this.#owner.multiplexing) {
      // Together with the first request: a missing result then delays nothing.
      this.#side.getValues(VALUE_NAMES, (values) => {
        this.#values.add(values);
        for (const exchange of this.#exchanges) if (!exchange.responded) this.#values.atOnce = true;
      });
    }
    const exchange = new ClientExchange(request, this, { onIdleConnection, shared });
    this.#exchanges.add(exchange);
    if (!keepConnection) this.#state = "retired";
    const { role, params, inputs } = request;
    const outgoing = this.#side.begin(
      { role, keepConnection, params, inputs: inputs.map(({ type }) => type) },
      exchange,
    );
    this.#observer?.began(outgoing.id, request.request);
    exchange.send(outgoing);
  }

  /** Asks the application for its values (section 4.1); empty if it does not know GET_VALUES. */
  askValues(): Promise<Values> {
    this.#busy();
    const question = new ValuesQuestion(this.#side, this.settings.timeouts.response, {
      settled: () => {
        this.#questions.delete(question);
        this.#idleIfUnused();
        this.#closeIfDone();
        if (this.#state === "open") this.#owner.available(this);
      },
      expired: () => this.retire(),
    });
    this.#questions.add(question);
    return question.result;
  }

  /** Starts no more requests, and closes when none is active. */
  retire(): void {
    if (this.#state === "open") this.#state = "retired";
    this.#closeIfDone();
  }

  /** Closes at once. Active requests fail with the error. */
  destroy(error: ClientError): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#idleTimer.end();
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

  responseConsumed(): void {
    if (this.#paused) this.#adjustReading();
  }

  exchangeEnded(exchange: ClientExchange): void {
    if (!this.#exchanges.delete(exchange) || this.#state === "closed") return;
    this.#idleIfUnused();
    this.#closeIfDone();
    if (this.#state === "open") this.#owner.available(this);
  }

  exchangeCancelled(exchange: ClientExchange): void {
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

  retry(request: PendingRequest): void {
    this.#owner.retry(request);
  }

  #applyValues(): void {
    this.#capacity = Math.min(this.#values.requestsPerConnection, this.settings.requestsPerConnection);
    this.#owner.valuesReported(this.#values);
    if (this.#state === "open") this.#owner.available(this);
  }

  readonly #read = (chunk: Buffer): void => {
    this.#observer?.received(chunk);
    if (this.#state === "closed") return;
    if (!this.#accepted) {
      this.#accepted = true;
      this.#owner.accepted(this);
    }
    // With several requests only whole records count as progress of one of them.
    if (this.#exchanges.size === 1) for (const exchange of this.#exchanges) exchange.received();
    try {
      this.#side.receive(chunk);
    } catch (cause) {
      const message = cause instanceof ProtocolError ? cause.message : "Cannot read from the application";
      this.destroy(new ClientError("ERR_CLIENT_PROTOCOL", message, { cause }));
      return;
    }
    // After the whole chunk: one more record could lower the values again.
    if (this.#values.takeChanged()) this.#applyValues();
    this.#adjustReading();
  };

  readonly #failed = (error: Error): void => {
    this.#failure = error;
  };

  readonly #lost = (): void => {
    const message = "Cannot complete request: the application closed the connection before END_REQUEST";
    this.destroy(new ClientError("ERR_CLIENT_CLOSED", message, { cause: this.#failure }));
  };

  /** A retired connection closes when all requests are settled. */
  #closeIfDone(): void {
    if (this.#state !== "retired" || this.#questions.size > 0) return;
    for (const exchange of this.#exchanges) if (!exchange.settled) return;
    this.#finish();
  }

  /** Closes without an error. Queued records are still sent, unless they belong to a cancelled request. */
  #finish(): void {
    this.#output.flush();
    this.#state = "closed";
    this.#idleTimer.end();
    const transport = this.#transport;
    if (this.#exchanges.size > 0) {
      transport.destroy();
    } else {
      transport.resume();
      transport.end(() => transport.destroy());
      // An application that does not close its side must not keep it open.
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

  #idleIfUnused(): void {
    if (this.#state === "open" && this.#exchanges.size === 0) this.#idleTimer.start();
  }

  #busy(): void {
    this.#idleTimer.stop();
    if (this.#used) return;
    this.#used = true;
    this.#owner.begun(this);
  }
}
