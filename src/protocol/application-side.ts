import { AbortedError, ProtocolError } from "../errors.js";
import type { Application, Refusal, RoleInputs } from "./application.js";
import { decodeBeginRequest, encodeUnknownType } from "./bodies.js";
import { ByteCollector } from "./byte-collector.js";
import { NULL_REQUEST_ID, ProtocolStatus, RecordType, Role, ValueName, roleName } from "./constants.js";
import { Exchange, type ExchangeHost } from "./exchange.js";
import type { InputStream } from "./input-stream.js";
import type { ApplicationSideLimits } from "./limits.js";
import { decodeNameValuePairs, encodeNameValuePairs } from "./name-value.js";
import { Params } from "./params.js";
import { RecordReader, type RecordSink } from "./record-reader.js";
import { RecordWriter } from "./record-writer.js";

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
const OUTPUT_HIGH_WATER = 64 * 1024;

/** How long the PARAMS of a request may take, the next piece of a body, and an aborted handler to settle; ms. */
export interface ApplicationSideTimes {
  readonly params: number;
  readonly body: number;
  readonly abortGrace: number;
}

/** What is known of an active request id. */
interface Active {
  readonly exchange: Exchange;
  readonly inputs: RoleInputs;
  /** PARAMS as far as they have arrived; undefined once they have ended. */
  params: ByteCollector | undefined;
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
  readonly #waiting: { exchange: Exchange; resolve: () => void }[] = [];
  readonly output = new RecordWriter();
  #writable = true;
  /** Whether a writer will be woken in the next turn of the event loop. */
  #waking = false;
  #lastRequest = false;
  /** The requests that ended before their input did, each with the type of the record that will end it. */
  readonly #unfinishedInput = new Map<number, number>();
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
   * Reads bytes from the Web server.
   *
   * @throws ProtocolError where the peer broke the specification; the connection cannot be read any further
   */
  receive(chunk: Buffer): void {
    this.#reader.read(chunk);
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
    return this.#unfinishedInput.size === 0 && !this.#reader.midRecord;
  }

  /** No request after those that are active: the connection is {@link finished} behind them. */
  refuseFurther(): void {
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
    this.#wakeSoon();
  }

  /** The peer has sent its last byte: what is incomplete will stay so, and what is complete learns of it. */
  inputEnded(): void {
    const reason = disconnected();
    for (const { exchange, params } of this.#active.values()) {
      this.#abort(exchange, reason);
      if (params === undefined) continue;
      this.#active.delete(exchange.id);
      exchange.detach(reason);
    }
  }

  /** The connection is gone, or must be: every exchange is told and none can write any more. */
  disconnect(reason: AbortedError = disconnected()): void {
    const exchanges = Array.from(this.exchanges());
    this.#active.clear();
    for (const exchange of exchanges) {
      this.#application.aborted?.(exchange, reason);
      exchange.detach(reason);
    }
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** Ends what has reached its deadline, or waits in vain for its body. To be called from time to time. */
  expire(now: number): void {
    for (const { exchange, params } of this.#active.values()) {
      const stalled = exchange.starvedSince(now) <= now - this.#times.body;
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
      if (content.length === 0 && this.#unfinishedInput.get(requestId) === type) {
        this.#unfinishedInput.delete(requestId);
      }
      return;
    }
    switch (type) {
      case RecordType.Params:
        this.#params(active, content);
        return;
      case RecordType.Stdin:
        if (active.inputs.stdin) this.#stdin(active.exchange, content);
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
    if (this.writable) return Promise.resolve();
    return new Promise((resolve) => {
      // Not at once: whoever asks again and again would keep everything else in the process from its turn.
      if (exchange.aborted !== undefined) setImmediate(resolve);
      else this.#waiting.push({ exchange, resolve });
    });
  }

  outputQueued(): void {
    this.#host.outputQueued();
  }

  ended(exchange: Exchange): void {
    const active = this.#active.get(exchange.id);
    this.#active.delete(exchange.id);
    if (active !== undefined) {
      const dataOpen = active.inputs.data && !exchange.dataEnded;
      if (dataOpen) this.#unfinishedInput.set(exchange.id, RecordType.Data);
      else if (active.params !== undefined || !exchange.stdinEnded) {
        this.#unfinishedInput.set(exchange.id, RecordType.Stdin);
      }
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
    // Whoever uses an id again sends no more for the request that had it.
    this.#unfinishedInput.delete(requestId);
    const inputs = this.#application.inputs(role);
    const exchange = new Exchange(this, { id: requestId, role, keepConnection });
    const refusal = this.#refusalOf(role, inputs !== undefined);
    this.#active.set(requestId, { exchange, inputs: inputs ?? noInputs, params: new ByteCollector() });
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
    const excess = this.#excessOf(exchange.params);
    if (excess !== undefined) {
      this.#application.refuse(exchange, { status: 431, code: "ERR_LIMIT_PARAMS", reason: excess });
      return;
    }
    exchange.deadline = this.#host.now() + this.#application.timeLimit(exchange.role);
    this.#application.dispatch(exchange);
  }

  /** What of the params is more than is allowed, in words. */
  #excessOf(params: Params): string | undefined {
    const { paramsCount, paramNameBytes, paramValueBytes } = this.#limits;
    if (params.size > paramsCount) return `there are more than ${paramsCount} params`;
    // In a short block no part can be too long.
    if (params.bytes.length <= Math.min(paramNameBytes, paramValueBytes)) return undefined;
    const { longestName, longestValue } = params.measure();
    if (longestName > paramNameBytes) return `the name of a param is longer than ${paramNameBytes} bytes`;
    if (longestValue > paramValueBytes) return `the value of a param is longer than ${paramValueBytes} bytes`;
    return undefined;
  }

  #stdin(exchange: Exchange, content: Buffer): void {
    if (content.length === 0) exchange.endStdin();
    else if (exchange.stdinEnded)
      throw new ProtocolError("ERR_FCGI_STREAM_CLOSED", "Cannot read STDIN: the stream has ended");
    else this.#push(exchange.stdin, content);
  }

  #data({ data }: Exchange, content: Buffer): void {
    if (content.length === 0) data.end();
    else if (data.ended)
      throw new ProtocolError("ERR_FCGI_STREAM_CLOSED", "Cannot read DATA: the stream has ended");
    else this.#push(data, content);
  }

  #push(stream: InputStream, content: Buffer): void {
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
    const index = this.#waiting.findIndex((entry) => entry.exchange === exchange);
    if (index >= 0) this.#waiting.splice(index, 1)[0]!.resolve();
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
    switch (type) {
      case RecordType.GetValues: {
        this.output.record(RecordType.GetValuesResult, NULL_REQUEST_ID, this.#valuesFor(content));
        break;
      }
      case RecordType.GetValuesResult:
      case RecordType.UnknownType:
        // Answers to questions that an application never asks; an answer to them could go on for ever.
        return;
      default:
        if (type >= RecordType.BeginRequest && type <= RecordType.Data) {
          throw new ProtocolError(
            "ERR_FCGI_NULL_REQUEST_ID",
            `Cannot read record: type ${type} belongs to a request, but its request id is 0`,
          );
        }
        this.output.record(RecordType.UnknownType, NULL_REQUEST_ID, encodeUnknownType(type));
    }
    this.#host.outputQueued();
  }

  #valuesFor(content: Buffer): Buffer {
    const asked = new Set(decodeNameValuePairs(content).map(([name]) => name));
    const known = Object.entries(this.#host.values).filter(([name]) => asked.has(name));
    return encodeNameValuePairs(known);
  }

  inputConsumed(bytes: number): void {
    this.#buffered -= bytes;
    this.#host.inputConsumed();
  }

  /**
   * Wakes one writer in the next turn of the event loop: a producer that never pauses, with a peer that takes everything
   * at once, would else keep all other connections from theirs.
   */
  #wakeSoon(): void {
    if (this.#waking || this.#waiting.length === 0) return;
    this.#waking = true;
    setImmediate(this.#wakeNext);
  }

  /** Wakes one writer; when its output has left and more is taken, the next. So each has its turn. */
  readonly #wakeNext = (): void => {
    this.#waking = false;
    if (!this.writable) return;
    this.#waiting.shift()?.resolve();
    this.#wakeSoon();
  };
}

function disconnected(): AbortedError {
  return new AbortedError(
    "ERR_ABORTED_DISCONNECT",
    "Cannot complete request: the Web server closed the connection",
  );
}
