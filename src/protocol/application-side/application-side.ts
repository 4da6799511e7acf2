import type { AbortedError } from "../../errors.js";
import { ActiveRequests } from "./active-requests.js";
import type { Application, RoleInputs } from "./application.js";
import type { ApplicationSideHost } from "./application-side-host.js";
import { decodeBeginRequest } from "../bodies.js";
import { BROKEN_OFF, NULL_REQUEST_ID, RecordType } from "../constants.js";
import { EarlyEnd } from "./early-end.js";
import { Exchange, type ExchangeHost } from "./exchange.js";
import type { AnswerWriter } from "../answer-writer.js";
import { fastCgi, type Framing } from "../framing.js";
import type { ApplicationSideLimits } from "../limits.js";
import { answerManagement } from "../management.js";
import { OutputTurns } from "./output-turns.js";
import type { RecordSink, RequestReader } from "../record-reader.js";
import { unknownRole } from "./refusals.js";
import { awaitAnswer, awaitParams } from "./request-phase.js";
import { RequestStreams } from "./request-streams.js";
import { TimeLimits, type ApplicationSideTimes } from "./time-limits.js";

const noInputs: RoleInputs = { stdin: false, data: false };

/** How the peer shares the connection among requests; `last` if it ends with those that are active. */
type Sharing = "unused" | "in turn" | "multiplexed" | "last";

/** Queued bytes above which a stream must wait. */
const OUTPUT_HIGH_WATER = 128 * 1024;
/** Queued bytes above which no record is read: many requests of one chunk must not pile up large answers. */
const OUTPUT_LIMIT = 1024 * 1024;

/** What the application side of a connection keeps to. */
export interface ApplicationSideOptions {
  readonly limits: ApplicationSideLimits;
  readonly times: ApplicationSideTimes;
  /** How the connection carries requests; FastCGI by default. */
  readonly framing?: Framing | undefined;
}

/**
 * The state machine of one connection on the application's side (sections 3 to 5): bytes in, dispatched exchanges and
 * queued records out. It does no I/O.
 *
 * It knows which request ids are active and what a record is for. The phases of a request are in `request-phase.ts`, what
 * its input streams bring in `RequestStreams`, its ends before the answer in `EarlyEnd`. Records of an inactive
 * id are ignored.
 */
export class ApplicationSide implements RecordSink, ExchangeHost {
  readonly #application: Application;
  readonly #host: ApplicationSideHost;
  readonly #requests: ActiveRequests;
  readonly #timeLimits: TimeLimits;
  readonly #earlyEnd: EarlyEnd;
  readonly #streams: RequestStreams;
  readonly #reader: RequestReader;
  readonly #turns = new OutputTurns(() => this.writable);
  readonly output: AnswerWriter;
  #writable = true;
  #sharing: Sharing = "unused";
  /** Whether the connection ends as soon as no request is active. */
  #finishing = false;
  /** Whether a BEGIN_REQUEST is left unread while the active requests need no more input. */
  #leaving = false;

  constructor(
    application: Application,
    host: ApplicationSideHost,
    { limits, times, framing = fastCgi }: ApplicationSideOptions,
  ) {
    this.#application = application;
    this.#host = host;
    this.#reader = framing.reader(this);
    this.output = framing.writer();
    const requests = new ActiveRequests(limits, host);
    const timeLimits = new TimeLimits(application, { host, times });
    const earlyEnd = new EarlyEnd(application, { requests, turns: this.#turns, timeLimits, limits });
    this.#requests = requests;
    this.#timeLimits = timeLimits;
    this.#earlyEnd = earlyEnd;
    this.#streams = new RequestStreams(application, { requests, earlyEnd, timeLimits, limits, framing });
  }

  get connectionId(): number {
    return this.#host.id ?? 0;
  }

  /**
   * Reads bytes from the Web server, and stops early if too much output waits.
   *
   * @returns how many bytes were read
   * @throws ProtocolError if the peer broke the specification; the connection cannot be read any further
   */
  receive(chunk: Buffer): number {
    this.#timeLimits.timePassed();
    return this.#reader.read(chunk);
  }

  /** Whether so many answers are queued that no further request may be read from this chunk. */
  get full(): boolean {
    return this.output.length >= OUTPUT_LIMIT;
  }

  get holdsBegin(): boolean {
    return this.#leaving && this.#requests.size > 0 && this.#requests.hasAllInput;
  }

  /**
   * Whether another process is to have the connection: then no further BEGIN_REQUEST is read while requests are active that
   * have all their input, so that a peer that multiplexes comes to an end.
   */
  set leaving(leaving: boolean) {
    this.#leaving = leaving;
  }

  /**
   * Gives up the connection while nothing of it is in use: no request is active, and nothing waits to be written.
   *
   * @returns the bytes of a record that was only read in part; undefined if the connection is in use, or ends
   */
  release(): Buffer | undefined {
    // Input that a request which was answered still gets is ignored there too (section 3.3).
    const isInUse = this.#requests.size > 0 || this.output.length > 0;
    return isInUse || this.#sharing === "last" || this.#finishing ? undefined : this.#reader.takeBack();
  }

  /** The active requests, oldest first. */
  get active(): Iterable<Exchange> {
    return this.#requests;
  }

  /** How many requests are active. */
  get activeCount(): number {
    return this.#requests.size;
  }

  /**
   * Whether the connection must be closed: no request is active, and one without FCGI_KEEP_CONN has ended (5.5) or the
   * server closes.
   */
  get finished(): boolean {
    return (this.#sharing === "last" || this.#finishing) && this.#requests.size === 0;
  }

  /** Whether a request is still to come on an idle connection: its first one, or one that is half read. */
  get expectsRequest(): boolean {
    return this.#sharing !== "last" && (this.#sharing === "unused" || this.#reader.midBegin);
  }

  /** Whether no request has begun on the connection. */
  get isUnused(): boolean {
    return this.#sharing === "unused";
  }

  /** Whether it has brought a request and stays open after those that are active. */
  get isKept(): boolean {
    if (this.#sharing === "unused" || this.#sharing === "last" || this.#finishing) return false;
    for (const { keepConnection } of this.#requests) if (!keepConnection) return false;
    return true;
  }

  /** Whether the peer sends requests without waiting for other answers, and may send another one. */
  get multiplexes(): boolean {
    return this.#sharing === "multiplexed";
  }

  /** Whether all input that the peer has begun to send has come. */
  get inputComplete(): boolean {
    return this.#requests.inputComplete && !this.#reader.midRecord;
  }

  /** Makes the connection {@link finished} as soon as no request is active; those that begin until then are served. */
  finishWhenIdle(): void {
    this.#finishing = true;
  }

  /** Bytes of input that wait for handlers. */
  get buffered(): number {
    return this.#requests.buffered;
  }

  /** Whether so much input waits for handlers that the socket should not be read. */
  get inputFull(): boolean {
    return this.#requests.inputFull;
  }

  /** Whether the transport takes output. The transport sets it; waiting streams are woken one at a time. */
  get writable(): boolean {
    return this.#writable && this.output.length < OUTPUT_HIGH_WATER;
  }

  set writable(writable: boolean) {
    this.#writable = writable;
    this.#turns.wakeSoon();
  }

  /** The peer has sent its last byte: incomplete requests are aborted, the others are only warned. */
  inputEnded(): void {
    this.#earlyEnd.inputEnded();
  }

  /** The connection is gone, or must be: every exchange is aborted and none can write. */
  disconnect(reason?: AbortedError): void {
    this.#earlyEnd.disconnect(reason);
  }

  /** Refuses what has reached its deadline or waits too long for its body. To be called from time to time. */
  expire(now: number): void {
    this.#earlyEnd.expire(now);
  }

  /** Aborts every active request and answers each at once in the way of its role; the connection ends with them. */
  refuseAll(reason: AbortedError): void {
    this.#sharing = "last";
    this.refuseActive(reason);
  }

  /** The same, but the connection does not end. */
  refuseActive(reason: AbortedError): void {
    this.#earlyEnd.refuseAll(reason);
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
    const exchange = this.#requests.get(requestId);
    // Section 3.3: records of inactive ids are ignored. So are types that an application does not receive.
    if (exchange === undefined) {
      this.#requests.ignored(type, requestId, content);
      return;
    }
    switch (type) {
      case RecordType.Params:
        this.#streams.params(exchange, content);
        return;
      case RecordType.Stdin:
        this.#streams.stdin(exchange, content);
        return;
      case RecordType.Data:
        this.#streams.data(exchange, content);
        return;
      case RecordType.AbortRequest:
        this.#earlyEnd.abortedByServer(exchange);
        return;
      default:
        return;
    }
  }

  #management(type: number, content: Buffer): void {
    const answer = answerManagement({ type, content }, this.#host.values);
    if (answer === undefined) return;
    this.output.record(answer.type, NULL_REQUEST_ID, answer.content);
    this.#host.outputQueued();
  }

  #begin(requestId: number, content: Buffer): void {
    const { role, keepConnection } = decodeBeginRequest(content);
    const inputs = this.#application.inputs(role);
    const refusal = inputs === undefined ? unknownRole(role) : this.#requests.refusalOfOneMore();
    const phase = awaitParams(this.#timeLimits.paramsDeadline());
    const exchange = new Exchange(this, {
      id: requestId,
      role,
      keepConnection,
      inputs: inputs ?? noInputs,
      phase,
      begunAt: this.#timeLimits.now(),
    });
    if (this.#sharing === "unused") this.#sharing = "in turn";
    if (this.#requests.size > 0 && this.#sharing === "in turn") this.#sharing = "multiplexed";
    this.#requests.add(exchange);
    if (refusal !== undefined) this.#earlyEnd.refuse(exchange, refusal);
  }

  drained(exchange: Exchange): Promise<void> {
    return this.#turns.wait(exchange);
  }

  outputQueued(): void {
    this.#host.outputQueued();
  }

  ended(exchange: Exchange): void {
    this.#requests.answered(exchange);
    if (!exchange.keepConnection) this.#sharing = "last";
  }

  broken(exchange: Exchange): void {
    if (this.#requests.size === 1 && this.#requests.get(exchange.id) === exchange) {
      this.#host.breakConnection();
    } else {
      exchange.end({ applicationStatus: BROKEN_OFF });
    }
  }

  roleChanged(exchange: Exchange): void {
    this.#timeLimits.timePassed();
    exchange.phase = awaitAnswer(exchange.phase, this.#timeLimits.answerDeadline(exchange.role));
  }

  inputConsumed(bytes: number): void {
    this.#streams.consumed(bytes);
  }
}
