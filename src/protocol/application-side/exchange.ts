import type { AbortedError } from "../../errors.js";
import type { AnswerFields, EndFields } from "./answer-fields.js";
import type { AnswerWriter } from "../answer-writer.js";
import { encodeEndRequest } from "../bodies.js";
import { ProtocolStatus, RecordType } from "../constants.js";
import { ExchangeInput, type InputHost } from "./exchange-input.js";
import type { AnswerObserver } from "./answer-observer.js";
import { callListener, ExchangeListeners } from "./exchange-listeners.js";
import type { InputStream } from "../input-stream.js";
import { Params } from "../params.js";
import type { Segment } from "../segment.js";
import * as phases from "./request-phase.js";

const noParams = Params.from([]);
const noNames: readonly string[] = [];

/** What an exchange needs of its connection. */
export interface ExchangeHost extends InputHost {
  /** The number of the connection; no other one of this process has it. */
  readonly connectionId: number;
  readonly output: AnswerWriter;
  /** Whether the peer takes output; a stream waits while it does not. */
  readonly writable: boolean;
  /** Resolves when output is taken again, or the exchange ends. */
  drained(exchange: Exchange): Promise<void>;
  /** Output was queued: write it. */
  outputQueued(): void;
  /** The exchange has queued its END_REQUEST. */
  ended(exchange: Exchange): void;
  /** The answer cannot be completed, and the peer must be able to see that. */
  broken(exchange: Exchange): void;
  /** The exchange goes on in another role. */
  roleChanged(exchange: Exchange): void;
}

/** What begins an exchange. */
export interface ExchangeStart {
  readonly id: number;
  readonly role: number;
  readonly keepConnection: boolean;
  /** The input streams of the role that BEGIN_REQUEST named. */
  readonly inputs: Exchange["inputs"];
  readonly phase: phases.RequestPhase;
  /** When it began, in ms of the connection's clock. */
  readonly begunAt: number;
}

/**
 * One request and its answer, as the application sees them: PARAMS, the input streams, STDOUT, STDERR and END_REQUEST. It
 * ends exactly once; later output is dropped without an error, because a handler cannot know that its Web server has left.
 */
export class Exchange {
  readonly #host: ExchangeHost;
  /** The request id on its connection, 1 to 65,535. */
  readonly id: number;
  /** The role that the request is handled in: that of BEGIN_REQUEST until {@link playAs} changes it. */
  role: number;
  /** Whether the Web server wants the connection to stay open (FCGI_KEEP_CONN). */
  readonly keepConnection: boolean;
  /** The input streams of the role that BEGIN_REQUEST named. */
  readonly inputs: { readonly stdin: boolean; readonly data: boolean };
  /** When it began, in ms of the connection's clock. */
  readonly begunAt: number;
  /** The state; only the connection changes it, by the transitions of `request-phase.ts`. */
  phase: phases.RequestPhase;
  /** FCGI_PARAMS; empty until the exchange is dispatched. */
  params = noParams;
  /** Bytes of PARAMS, which count as buffered until the exchange ends, even if {@link params} are replaced. */
  paramsBytes = 0;
  /** The names of the params that the Web server of this listener vouches for, the most trusted one first. */
  vouchesFor: readonly string[] = noNames;
  /** The input streams, made when the first is used: most requests have no body. */
  input: ExchangeInput | undefined;
  /** Whether the Web server has closed STDIN. */
  stdinEnded = false;
  /** Undefined unless someone observes the request. */
  observer: AnswerObserver | undefined;
  /** Lines for STDERR that wait until the answer has begun. */
  #warnings: string[] | undefined;
  #listeners: ExchangeListeners | undefined;

  constructor(host: ExchangeHost, start: ExchangeStart) {
    this.#host = host;
    this.id = start.id;
    this.role = start.role;
    this.keepConnection = start.keepConnection;
    this.inputs = start.inputs;
    this.phase = start.phase;
    this.begunAt = start.begunAt;
  }

  /** A number of the connection that the request came on; no other one of this process has it. */
  get connectionId(): number {
    return this.#host.connectionId;
  }

  /** Whether STDOUT has begun, so that the status can no longer change. */
  get started(): boolean {
    return phases.progressOf(this.phase) === "answering";
  }

  /** Whether END_REQUEST was queued or the connection is gone: nothing that is written will be sent. */
  get ended(): boolean {
    return this.phase.kind === "ended";
  }

  /** Why the request ended early, if it did. */
  get aborted(): AbortedError | undefined {
    return phases.reasonOf(this.phase);
  }

  /** FCGI_STDIN. */
  get stdin(): InputStream {
    return (this.input ??= new ExchangeInput(this, this.#host)).stdin;
  }

  /** FCGI_DATA. */
  get data(): InputStream {
    return (this.input ??= new ExchangeInput(this, this.#host)).data;
  }

  /** The Web server has closed STDIN. */
  endStdin(): void {
    this.stdinEnded = true;
    this.input?.endStdin();
  }

  /** Goes on in another role: its time limit begins now, and it answers a refusal. An abort stays one. */
  playAs(role: number, params: Params): void {
    this.role = role;
    this.params = params;
    if (!this.ended) this.#host.roleChanged(this);
  }

  /** Writes the whole answer and ends the exchange: one record, one write for a small one. */
  answer({ head, body, bodyLength, applicationStatus = 0, protocolStatus = 0 }: AnswerFields): void {
    if (this.ended) return;
    this.phase = phases.startAnswer(this.phase);
    if (this.observer !== undefined) {
      this.observer.head(head);
      this.observer.sent(bodyLength);
    }
    if (this.#warnings === undefined && protocolStatus === 0) {
      this.#host.output.answer({ requestId: this.id, head, body, bodyLength, applicationStatus });
      return this.#finish();
    }
    this.#write(Buffer.from(head, "latin1"));
    this.#write(body);
    this.#writeWarnings();
    return this.end({ applicationStatus, protocolStatus });
  }

  /** Writes the header block as a record of its own if it fits into one, each character one byte. */
  writeHead(head: string): void {
    if (!this.ended) this.observer?.head(head);
    this.#write(Buffer.from(head, "latin1"));
  }

  /** Writes to STDOUT, text as UTF-8. Bytes are not copied: they must not change until they are sent. */
  write(content: string | Uint8Array): void {
    if (this.observer !== undefined && !this.ended) {
      this.observer.sent(typeof content === "string" ? Buffer.byteLength(content) : content.length);
    }
    this.#write(content);
  }

  #write(content: string | Uint8Array): void {
    if (this.ended) return;
    const begins = this.#start();
    const { output } = this.#host;
    if (typeof content === "string") output.text(RecordType.Stdout, this.id, content);
    else output.stream(RecordType.Stdout, this.id, content);
    this.#written(begins);
  }

  /** Writes held bytes to STDOUT, and owns their segment. */
  writeSegment(segment: Segment): void {
    if (this.ended) {
      segment.release();
      return;
    }
    this.observer?.sent(segment.length);
    const begins = this.#start();
    this.#host.output.segment(RecordType.Stdout, this.id, segment);
    this.#written(begins);
  }

  /** Returns whether the answer begins. */
  #start(): boolean {
    const begins = !this.started;
    this.phase = phases.startAnswer(this.phase);
    return begins;
  }

  #written(begins: boolean): void {
    if (begins) this.#writeWarnings();
    this.#host.outputQueued();
  }

  /** Whether the peer takes output; if not, wait for {@link drained} before the next write. Always true after the end. */
  get writable(): boolean {
    return this.ended || this.#host.writable;
  }

  /** Resolves when output is taken again, or when the exchange has ended or was aborted. */
  drained(): Promise<void> {
    return this.ended ? Promise.resolve() : this.#host.drained(this);
  }

  /**
   * Writes one line to FCGI_STDERR, the Web server's error log, as a record with a line feed at its end; empty text writes
   * nothing. It waits until the answer has begun: before the header block nginx counts it against its buffer, HAProxy 2.6
   * crashes, and IIS answers with 500.
   */
  warn(text: string): void {
    if (this.ended || text === "") return;
    if (this.started) this.#writeStderr([text]);
    else (this.#warnings ??= []).push(text);
  }

  /** Closes STDOUT and ends the exchange (section 5.5). */
  end({ applicationStatus = 0, protocolStatus = ProtocolStatus.RequestComplete }: EndFields = {}): void {
    if (this.ended) return;
    // A peer that aborted the request reads no answer, and must not take STDERR for one.
    if (this.aborted === undefined) this.#writeWarnings();
    this.#host.output.end(this.id, applicationStatus, protocolStatus);
    this.#finish();
  }

  /** Refuses the request with END_REQUEST alone (section 5.5): nothing of an answer was written, not even an empty STDOUT. */
  reject(protocolStatus: ProtocolStatus): void {
    if (this.ended) return;
    const content = encodeEndRequest({ applicationStatus: 0, protocolStatus });
    this.#host.output.record(RecordType.EndRequest, this.id, content);
    this.#finish();
  }

  /** Gives up an answer that has begun: breaks the connection, or ends with application status 1 if other requests are active. */
  breakOff(): void {
    if (this.ended) return;
    this.observer?.brokenOff();
    this.#host.broken(this);
  }

  /** Ends the request early, once: input fails, listeners are called. It does not end the exchange. */
  abort(reason: AbortedError): void {
    if (this.aborted !== undefined || this.ended) return;
    this.phase = phases.refuse(this.phase, reason);
    this.input?.fail(reason);
    this.#listeners?.abort(reason);
  }

  /** Whether a handler listens for an abort, and so may still answer. */
  get watched(): boolean {
    return this.#listeners?.watched ?? false;
  }

  /** Warns the handler that the answer is probably not wanted. */
  warnOfAbort(reason: AbortedError): void {
    this.#listeners?.warn(reason);
  }

  /** Calls the listener, once, when the answer is probably not wanted, at the latest when the request is aborted. */
  onWarning(listener: (reason: AbortedError) => void): void {
    if (this.aborted !== undefined) listener(this.aborted);
    else (this.#listeners ??= new ExchangeListeners()).onWarning(listener);
  }

  /** Calls the listener when the request ends early; at once if it has. */
  onAbort(listener: (reason: AbortedError) => void): void {
    if (this.aborted !== undefined) callListener(listener, this.aborted);
    else (this.#listeners ??= new ExchangeListeners()).onAbort(listener);
  }

  /** Calls the listener when the exchange has ended, for any reason; at once if it has. */
  onEnd(listener: () => void): void {
    if (this.ended) callListener(listener, undefined);
    else (this.#listeners ??= new ExchangeListeners()).onEnd(listener);
  }

  /** The connection is gone: nothing more is written. */
  detach(reason: AbortedError): void {
    this.abort(reason);
    // Also if a listener has just ended it.
    if (this.ended) return;
    this.phase = phases.end(this.phase);
    this.#listeners?.end();
  }

  #writeWarnings(): void {
    if (this.#warnings !== undefined) this.#writeStderr(this.#warnings);
    this.#warnings = undefined;
  }

  #writeStderr(lines: readonly string[]): void {
    for (const line of lines) {
      this.#host.output.stream(RecordType.Stderr, this.id, line.endsWith("\n") ? line : `${line}\n`);
    }
    this.#host.outputQueued();
  }

  #finish(): void {
    this.phase = phases.end(this.phase);
    this.#listeners?.forgetAborts();
    // Unread input holds nothing up; what still comes is dropped as it arrives.
    this.input?.discard();
    this.#host.ended(this);
    this.#host.outputQueued();
    this.#listeners?.end();
  }
}
