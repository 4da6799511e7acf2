import { AbortedError, ProtocolError } from "../errors.js";
import type { Application, Refusal, RoleInputs } from "./application.js";
import { decodeBeginRequest } from "./bodies.js";
import { ByteCollector } from "./byte-collector.js";
import { NULL_REQUEST_ID, ProtocolStatus, RecordType, Role, ValueName, roleName } from "./constants.js";
import { Exchange, type ExchangeHost } from "./exchange.js";
import type { InputStream } from "./input-stream.js";
import { excessOf, type ApplicationSideLimits } from "./limits.js";
import { answerManagement } from "./management.js";
import { OutputTurns } from "./output-turns.js";
import { Params } from "./params.js";
import { RecordReader, type RecordSink } from "./record-reader.js";
import { RecordWriter } from "./record-writer.js";
import { UnfinishedInput } from "./unfinished-input.js";

/** What the application side needs of the transport around it. */
export interface ApplicationSideHost {
  /** Output was queued: take and write it soon. */
  outputQueued(): void;
  /** Fewer input bytes are waiting than before: reading may go on. */
  inputConsumed(): void;
  /** A request ended; see {@link ApplicationSide.finished}. */
  exchangeEnded(): void;
  /** The connection must be broken so that the peer sees an incomplete answer. */
  breakConnection(): void;
  /** Milliseconds of a coarse clock that only grows. */
  now(): number;
  /** The answers to GET_VALUES, with the limits that are really enforced (section 4.1). */
  readonly values: Readonly<Record<ValueName, string>>;
  /** Whether one more request may be active in this process. */
  admit(): boolean;
}

/** Queued bytes that no transport has taken yet, above which whoever streams has to wait. */
const OUTPUT_HIGH_WATER = 128 * 1024;
/** Queued bytes above which no record is read: many requests of one chunk must not pile up large answers. */
const OUTPUT_LIMIT = 1024 * 1024;

/** How long the PARAMS of a request may take, the next piece of a body, and an aborted handler to settle; ms. */
export interface ApplicationSideTimes {
  readonly params: number;
  readonly body: number;
  readonly abortGrace: number;
}

/** The slowest upload that the time limit of a handler makes room for, in bytes per ms; Apache's mod_reqtimeout has it too. */
const MIN_BODY_RATE = 0.5;

/** What is known of an active request id. */
interface Active {
  readonly exchange: Exchange;
  readonly inputs: RoleInputs;
  /** PARAMS as far as they have arrived; undefined once they have ended. */
  params: ByteCollector | undefined;
  /** Bytes of PARAMS, which count as buffered until the request has ended. */
  paramsBytes: number;
}

const noInputs: RoleInputs = { stdin: false, data: false };

/**
 * The state machine of one connection on the application's side (sections 3 to 5): bytes in, dispatched exchanges and
 * queued records out. It does no I/O.
 *
 * A request id goes through these states; an id in none of them is inactive, and its records are ignored:
 *
 * ```
 *   BEGIN ──> params ──(PARAMS end)──> dispatched ──(END_REQUEST queued)──> inactive
 *               │                          │
 *               └── limit, ABORT ──> refused ┘──(ABORT: signal, then END_REQUEST)──> inactive
 * ```
 */
export class ApplicationSide implements RecordSink, ExchangeHost {
  readonly #application: Application;
  readonly #host: ApplicationSideHost;
  readonly #limits: ApplicationSideLimits;
  readonly #times: ApplicationSideTimes;
  readonly #reader = new RecordReader(this);
  readonly #active = new Map<number, Active>();
  readonly #turns = new OutputTurns(() => this.writable);
  readonly #unfinishedInput = new UnfinishedInput();
  readonly output = new RecordWriter();
  #writable = true;
  #lastRequest = false;
  #buffered = 0;

  constructor(
    application: Application,
    host: ApplicationSideHost,
    options: { readonly limits: ApplicationSideLimits; readonly times: ApplicationSideTimes },
  ) {
    this.#application = application;
    this.#host = host;
    this.#limits = options.limits;
    this.#times = options.times;
  }

  /**
   * Reads bytes from the Web server, and stops early where so much output waits that no more may be asked for.
   *
   * @returns how many bytes were read
   * @throws ProtocolError where the peer broke the specification; the connection cannot be read any further
   */
  receive(chunk: Buffer): number {
    return this.#reader.read(chunk);
  }

  /** Whether so many answers are queued that no further request may be read from this chunk. */
  get full(): boolean {
    return this.output.length >= OUTPUT_LIMIT;
  }

  /** How many requests are active. */
  get activeCount(): number {
    return this.#active.size;
  }

  /** The active exchanges, oldest first. */
  *exchanges(): IterableIterator<Exchange> {
    for (const { exchange } of this.#active.values()) yield exchange;
  }

  /** Whether a request without FCGI_KEEP_CONN has ended and none is active: the connection is to be closed (5.5). */
  get finished(): boolean {
    return this.#lastRequest && this.#active.size === 0;
  }

  /** Whether nothing that the peer is known to be sending still has to come. */
  get inputComplete(): boolean {
    return this.#unfinishedInput.isEmpty && !this.#reader.midRecord;
  }

  /** The connection shall be {@link finished} as soon as no request is active; those that begin until then are served. */
  finishWhenIdle(): void {
    this.#lastRequest = true;
  }

  /** Bytes of input that wait for handlers. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Whether so much input waits for handlers that the socket should not be read. */
  get inputFull(): boolean {
    if (this.#buffered < this.#limits.bufferedPerRequest) return false;
    if (this.#buffered >= this.#limits.bufferedPerConnection) return true;
    for (const { exchange } of this.#active.values()) {
      if (exchange.buffered >= this.#limits.bufferedPerRequest) return true;
    }
    return false;
  }

  /** Whether the transport takes output. Set by the transport; whoever waits is woken in turn, one at a time. */
  get writable(): boolean {
    return this.#writable && this.output.length < OUTPUT_HIGH_WATER;
  }

  set writable(writable: boolean) {
    this.#writable = writable;
    this.#turns.wakeSoon();
  }

  /**
   * The peer has sent its last byte. Most are gone then, and requests that are incomplete will stay so. One that only
   * closed its sending side still wants its answers: who is complete is only told.
   */
  inputEnded(): void {
    if (this.#active.size === 0) return;
    const reason = disconnected();
    for (const { exchange, inputs, params, paramsBytes } of this.#active.values()) {
      if (params !== undefined) {
        this.#active.delete(exchange.id);
        this.#buffered -= paramsBytes;
        exchange.detach(reason);
      } else if ((inputs.stdin && !exchange.stdinEnded) || (inputs.data && !exchange.dataEnded)) {
        this.#abort(exchange, reason);
      } else {
        exchange.warnOfAbort(reason);
      }
    }
  }

  /** The connection is gone, or must be: every exchange is told and none can write any more. */
  disconnect(reason?: AbortedError): void {
    if (this.#active.size > 0) this.#detachAll(reason ?? disconnected());
    this.#turns.wakeAll();
  }

  #detachAll(reason: AbortedError): void {
    const active = Array.from(this.#active.values());
    this.#active.clear();
    for (const { exchange, paramsBytes } of active) {
      this.#buffered -= paramsBytes;
      this.#application.aborted?.(exchange, reason);
      exchange.detach(reason);
    }
  }

  /** Ends what has reached its deadline, or waits in vain for its body. To be called from time to time. */
  expire(now: number): void {
    for (const { exchange, params } of this.#active.values()) {
      const stalled = exchange.starvedSince(now) <= now - this.#times.body;
      // A handler that answers without its input has no time limit; unread, that would hide even that the peer has left.
      const unread = exchange.unreadSince(now, this.#limits.bufferedPerRequest) <= now - this.#times.body;
      if (unread && exchange.started) exchange.discardInput();
      if (now < exchange.deadline && !stalled) continue;
      if (exchange.aborted !== undefined) {
        this.#refuseAborted(exchange);
      } else if (params !== undefined) {
        this.#timeOut(exchange, 408, "PARAMS did not end in time");
      } else if (stalled) {
        this.#timeOut(exchange, 408, "the request body stalled");
      } else {
        this.#timeOut(exchange, 504, "the handler took too long to answer");
      }
    }
  }

  #timeOut(exchange: Exchange, status: number, reason: string): void {
    const code = "ERR_ABORTED_TIMEOUT";
    this.#abort(exchange, new AbortedError(code, `Cannot complete request: ${reason}`));
    this.#application.refuse(exchange, { status, code, reason });
  }

  /** Aborts every active exchange and answers each at once in the way of its role; no further one is begun. */
  refuseAll(reason: AbortedError): void {
    this.#lastRequest = true;
    for (const { exchange } of this.#active.values()) {
      this.#abort(exchange, reason);
      this.#application.refuse(exchange, { status: 503, code: reason.code, reason: reason.message });
    }
  }

  record(type: number, requestId: number, content: Buffer): void {
    if (requestId === NULL_REQUEST_ID) {
      this.#management(type, content);
      return;
    }
    if (type === RecordType.BeginRequest) {
      this.#begin(requestId, content);
      return;
    }
    const active = this.#active.get(requestId);
    // Section 3.3: records of inactive ids are ignored. So are types that are not an application's to receive.
    if (active === undefined) {
      this.#unfinishedInput.see(type, requestId, content);
      return;
    }
    switch (type) {
      case RecordType.Params:
        this.#params(active, content);
        return;
      case RecordType.Stdin:
        if (active.inputs.stdin) this.#stdin(active.exchange, content);
        // Nobody reads it in this role, but that it has ended tells that nothing is on its way any more.
        else if (content.length === 0) active.exchange.endStdin();
        this.#makeWayForData(active);
        return;
      case RecordType.Data:
        if (active.inputs.data) this.#data(active.exchange, content);
        return;
      case RecordType.AbortRequest:
        this.#abortRequest(active);
        return;
      default:
        return;
    }
  }

  drained(exchange: Exchange): Promise<void> {
    return this.#turns.wait(exchange);
  }

  outputQueued(): void {
    this.#host.outputQueued();
  }

  ended(exchange: Exchange): void {
    const active = this.#active.get(exchange.id);
    this.#active.delete(exchange.id);
    if (active !== undefined) {
      this.#buffered -= active.paramsBytes;
      this.#unfinishedInput.add(exchange.id, {
        stdin: active.params !== undefined || !exchange.stdinEnded,
        data: active.inputs.data && !exchange.dataEnded,
      });
    }
    if (!exchange.keepConnection) this.#lastRequest = true;
    this.#host.exchangeEnded();
  }

  broken(exchange: Exchange): void {
    if (this.#active.size === 1 && this.#active.has(exchange.id)) {
      this.#host.breakConnection();
    } else {
      exchange.end({ applicationStatus: 1 });
    }
  }

  #begin(requestId: number, content: Buffer): void {
    const { role, keepConnection } = decodeBeginRequest(content);
    if (this.#active.has(requestId)) {
      throw new ProtocolError(
        "ERR_FCGI_DUPLICATE_BEGIN",
        `Cannot begin request: id ${requestId} is active already`,
      );
    }
    this.#unfinishedInput.forget(requestId);
    const inputs = this.#application.inputs(role);
    const exchange = new Exchange(this, { id: requestId, role, keepConnection });
    const refusal = this.#refusalOf(role, inputs !== undefined);
    this.#active.set(requestId, {
      exchange,
      inputs: inputs ?? noInputs,
      params: new ByteCollector(),
      paramsBytes: 0,
    });
    if (refusal !== undefined) {
      this.#application.refuse(exchange, refusal);
    } else {
      exchange.deadline = this.#host.now() + this.#times.params;
    }
  }

  #refusalOf(role: number, known: boolean): Refusal | undefined {
    const { requestsPerConnection } = this.#limits;
    if (!known) {
      return {
        status: 500,
        code: "ERR_UNKNOWN_ROLE",
        reason: `nothing here plays ${roleName(role)}`,
        protocolStatus: ProtocolStatus.UnknownRole,
      };
    }
    if (this.#active.size >= requestsPerConnection) {
      return {
        status: 503,
        code: "ERR_LIMIT_REQUESTS",
        reason: `${requestsPerConnection} requests are active on this connection`,
        protocolStatus: requestsPerConnection === 1 ? ProtocolStatus.CantMpxConn : ProtocolStatus.Overloaded,
      };
    }
    if (!this.#host.admit()) {
      return {
        status: 503,
        code: "ERR_LIMIT_REQUESTS",
        reason: "too many requests are active",
        protocolStatus: ProtocolStatus.Overloaded,
      };
    }
    return undefined;
  }

  #params(active: Active, content: Buffer): void {
    const { exchange, params } = active;
    if (params === undefined) {
      // nginx 1.22 without a single parameter closes PARAMS twice.
      if (content.length === 0) return;
      throw new ProtocolError(
        "ERR_FCGI_STREAM_CLOSED",
        `Cannot read PARAMS: they have ended for id ${exchange.id}`,
      );
    }
    if (content.length > 0) {
      if (params.length + content.length > this.#limits.paramsBytes) {
        this.#application.refuse(exchange, {
          status: 431,
          code: "ERR_LIMIT_PARAMS",
          reason: `PARAMS are longer than ${this.#limits.paramsBytes} bytes`,
        });
        return;
      }
      params.push(content);
      active.paramsBytes += content.length;
      this.#buffered += content.length;
      return;
    }
    active.params = undefined;
    try {
      exchange.params = new Params(params.take());
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#application.refuse(exchange, { status: 400, code: error.code, reason: error.message });
      return;
    }
    const excess = excessOf(exchange.params, this.#limits);
    if (excess !== undefined) {
      this.#application.refuse(exchange, { status: 431, code: "ERR_LIMIT_PARAMS", reason: excess });
      return;
    }
    this.#limitTime(exchange);
    this.#application.dispatch(exchange);
  }

  roleChanged(exchange: Exchange): void {
    // An aborted one has the time that an abort leaves.
    if (exchange.aborted === undefined && !exchange.started) this.#limitTime(exchange);
  }

  #limitTime(exchange: Exchange): void {
    exchange.deadline = this.#host.now() + this.#application.timeLimit(exchange.role);
  }

  #stdin(exchange: Exchange, content: Buffer): void {
    if (content.length === 0) exchange.endStdin();
    else if (exchange.stdinEnded) throw streamEnded("STDIN");
    else this.#push(exchange, { stream: exchange.stdin, content });
  }

  #data(exchange: Exchange, content: Buffer): void {
    if (content.length === 0) exchange.data.end();
    else if (exchange.data.ended) throw streamEnded("DATA");
    else this.#push(exchange, { stream: exchange.data, content });
  }

  /** Section 6.4: DATA comes behind STDIN, so a filter that waits for it would wait for ever behind a full STDIN. */
  #makeWayForData({ exchange, inputs }: Active): void {
    if (!inputs.data || !exchange.data.awaited) return;
    if (exchange.stdin.buffered >= this.#limits.bufferedPerRequest) exchange.stdin.discard();
  }

  #push(exchange: Exchange, input: { readonly stream: InputStream; readonly content: Buffer }): void {
    const { stream, content } = input;
    const { bodyBytes } = this.#limits;
    if (stream.received + content.length > bodyBytes) {
      const reason = `the body is longer than ${bodyBytes} bytes`;
      this.#abort(exchange, new AbortedError("ERR_ABORTED_LIMIT", `Cannot complete request: ${reason}`));
      this.#application.refuse(exchange, { status: 413, code: "ERR_LIMIT_BODY", reason });
      return;
    }
    // A handler cannot answer before it has what it reads, so an upload that goes on is not held against it.
    // Never beyond twice its limit from now on: a fast upload must not buy hours for a handler that hangs. An authorizer
    // reads nothing, so an upload behind its question buys no time at all.
    if (!exchange.started && exchange.aborted === undefined && exchange.role !== Role.Authorizer) {
      const latest = this.#host.now() + 2 * this.#application.timeLimit(exchange.role);
      const wanted = exchange.deadline + content.length / MIN_BODY_RATE;
      exchange.deadline = Math.max(exchange.deadline, Math.min(wanted, latest));
    }
    this.#buffered += content.length;
    stream.push(content);
  }

  /** Section 5.4: the application answers as soon as it can; a handler that listens is given a moment for it. */
  #abortRequest({ exchange }: Active): void {
    if (exchange.aborted !== undefined) return;
    const watched = exchange.watched;
    this.#abort(
      exchange,
      new AbortedError("ERR_ABORTED_BY_SERVER", "Cannot complete request: the Web server aborted it"),
    );
    if (exchange.ended) return;
    if (watched) exchange.deadline = this.#host.now() + this.#times.abortGrace;
    else this.#refuseAborted(exchange);
  }

  #abort(exchange: Exchange, reason: AbortedError): void {
    if (exchange.aborted !== undefined) return;
    this.#application.aborted?.(exchange, reason);
    exchange.abort(reason);
    this.#turns.wake(exchange);
  }

  #refuseAborted(exchange: Exchange): void {
    // Nobody reads the answer any more; only an authorizer's must not be empty.
    if (exchange.role === Role.Authorizer) {
      this.#application.refuse(exchange, { status: 503, code: "ERR_ABORTED_BY_SERVER", reason: "aborted" });
    } else {
      exchange.end({ applicationStatus: 1 });
    }
  }

  #management(type: number, content: Buffer): void {
    const answer = answerManagement({ type, content }, this.#host.values);
    if (answer === undefined) return;
    this.output.record(answer.type, NULL_REQUEST_ID, answer.content);
    this.#host.outputQueued();
  }

  inputConsumed(bytes: number): void {
    this.#buffered -= bytes;
    if (bytes === 0) for (const active of this.#active.values()) this.#makeWayForData(active);
    this.#host.inputConsumed();
  }
}

function streamEnded(name: string): ProtocolError {
  return new ProtocolError("ERR_FCGI_STREAM_CLOSED", `Cannot read ${name}: the stream has ended`);
}

function disconnected(): AbortedError {
  return new AbortedError(
    "ERR_ABORTED_DISCONNECT",
    "Cannot complete request: the Web server closed the connection",
  );
}
