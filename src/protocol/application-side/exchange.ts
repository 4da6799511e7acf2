import type { AbortedError } from "../../errors.js";
import type { AnswerFields, EndFields } from "./answer-fields.js";
import { ProtocolStatus, RecordType } from "../constants.js";
import { ExchangeInput, type InputHost } from "./exchange-input.js";
import type { InputStream } from "./input-stream.js";
import { callListener, callListeners, type Listeners } from "./listeners.js";
import { Params } from "../params.js";
import type { RecordWriter } from "../record-writer.js";

const noParams = Params.from([]);
const nobody: readonly string[] = [];

/** What an exchange needs of the connection that it belongs to. */
export interface ExchangeHost extends InputHost {
  readonly output: RecordWriter;
  /** Whether the peer takes output at the moment; while it does not, whoever streams waits. */
  readonly writable: boolean;
  /** Resolves when output is taken again, or the exchange ends. */
  drained(exchange: Exchange): Promise<void>;
  /** Output was queued and wants to be written. */
  outputQueued(): void;
  /** The exchange has queued its END_REQUEST. */
  ended(exchange: Exchange): void;
  /** The answer cannot be completed and the peer must be able to see that. */
  broken(exchange: Exchange): void;
  /** The exchange goes on in another role. */
  roleChanged(exchange: Exchange): void;
}

/** What BEGIN_REQUEST said about an exchange. */
export interface ExchangeStart {
  readonly id: number;
  readonly role: number;
  readonly keepConnection: boolean;
}

/**
 * One request and the answer to it, as the application sees them: PARAMS, the input streams, and STDOUT, STDERR and
 * END_REQUEST on the way back. It is ended exactly once; what is written after that is dropped without an error,
 * because a handler cannot know that its Web server has left.
 */
export class Exchange {
  readonly #host: ExchangeHost;
  /** The request id on its connection, 1 to 65,535. */
  readonly id: number;
  /** The role that the request is handled in: that of BEGIN_REQUEST until {@link playAs} changes it. */
  role: number;
  /** Whether the Web server wants the connection to stay open (FCGI_KEEP_CONN). */
  readonly keepConnection: boolean;
  /** FCGI_PARAMS; empty until the exchange is dispatched. */
  params = noParams;
  /** The names of the params that the Web server of this listener vouches for, the most trusted one first. */
  vouchesFor: readonly string[] = nobody;
  /** Made with the first input stream: most requests have no body. */
  #input: ExchangeInput | undefined;
  #stdinEnded = false;
  /** Lines for STDERR that wait until the answer has begun. */
  #warnings: string[] | undefined;
  /** When a time limit strikes next, in ms of the connection's coarse clock; Infinity for never. */
  deadline = Infinity;
  /** Whether something was written to STDOUT, so that the status cannot be changed any more. */
  started = false;
  /** Whether END_REQUEST was queued or the connection is gone: nothing that is written will be sent. */
  ended = false;
  /** Why the request ended early, if it did. */
  aborted: AbortedError | undefined;
  #abortListeners: Listeners<AbortedError>;
  #warningListeners: Listeners<AbortedError>;
  #endListeners: Listeners<void>;

  constructor(host: ExchangeHost, start: ExchangeStart) {
    this.#host = host;
    this.id = start.id;
    this.role = start.role;
    this.keepConnection = start.keepConnection;
  }

  /** FCGI_STDIN. */
  get stdin(): InputStream {
    return (this.#input ??= new ExchangeInput(this, this.#host)).stdin;
  }

  /** FCGI_DATA. */
  get data(): InputStream {
    return (this.#input ??= new ExchangeInput(this, this.#host)).data;
  }

  /** Whether input has come, or somebody has asked for it. */
  get hasInput(): boolean {
    return this.#input !== undefined;
  }

  /** Whether the Web server has closed STDIN. */
  get stdinEnded(): boolean {
    return this.#stdinEnded;
  }

  /** Whether the Web server has closed DATA. */
  get dataEnded(): boolean {
    return this.#input?.dataEnded ?? false;
  }

  /** The Web server has closed STDIN. */
  endStdin(): void {
    this.#stdinEnded = true;
    this.#input?.endStdin();
  }

  /** The larger of the amounts of bytes that wait in an input stream. */
  get buffered(): number {
    return this.#input?.buffered ?? 0;
  }

  /**
   * Since when a reader has waited for input without any arriving, in the time of `now`; Infinity while none waits. To be
   * asked from time to time: nothing is noted in between.
   */
  starvedSince(now: number): number {
    return this.#input?.starvedSince(now) ?? Infinity;
  }

  /**
   * Since when so many bytes or more have waited in an input stream and nobody read any, in the time of `now`; Infinity
   * while fewer wait. To be asked from time to time, like {@link starvedSince}.
   */
  unreadSince(now: number, bytes: number): number {
    return this.#input?.unreadSince(now, bytes) ?? Infinity;
  }

  /** Drops the input that waits and all that still comes. */
  discardInput(): void {
    this.#input?.discard();
  }

  /**
   * Goes on with the request in another role. The time limit of that role begins now, and whatever refuses the request
   * from here on does so in its way. An abort that it was told of stays one.
   */
  playAs(role: number, params: Params): void {
    this.role = role;
    this.params = params;
    if (!this.ended) this.#host.roleChanged(this);
  }

  /** Writes the whole answer and ends the exchange: one record, one write for a small one. */
  answer({ head, body, bodyLength, applicationStatus = 0, protocolStatus = 0 }: AnswerFields): void {
    if (this.ended) return;
    this.started = true;
    const { output } = this.#host;
    if (this.#warnings === undefined && protocolStatus === 0) {
      output.answer({ requestId: this.id, head, body, bodyLength, applicationStatus });
      this.#finish();
    } else {
      this.writeHead(head);
      this.write(body);
      this.#tellWarnings();
      this.end({ applicationStatus, protocolStatus });
    }
  }

  /** Writes the header block as a record of its own where it fits into one, each character one byte. */
  writeHead(head: string): void {
    this.write(Buffer.from(head, "latin1"));
  }

  /** Writes to STDOUT, text as UTF-8. Bytes are not copied: they must not change until they are sent. */
  write(content: string | Uint8Array): void {
    if (this.ended) return;
    const begins = !this.started;
    if (begins) this.#start();
    this.#host.output.stream(RecordType.Stdout, this.id, content);
    if (begins) this.#tellWarnings();
    this.#host.outputQueued();
  }

  /**
   * Whether the peer takes output; where it does not, wait for {@link drained} before the next write. What is written
   * behind the end goes nowhere, so nothing has to wait for it.
   */
  get writable(): boolean {
    return this.ended || this.#host.writable;
  }

  /** Resolves when output is taken again, or when the exchange has ended or was aborted. */
  drained(): Promise<void> {
    return this.ended ? Promise.resolve() : this.#host.drained(this);
  }

  /**
   * Writes one line to FCGI_STDERR, which Web servers put into their error log: a record of its own, with a line feed at
   * its end. Empty text writes nothing. It waits until the answer has begun: in front of the header block nginx counts it
   * against its buffer, HAProxy 2.6 dies of it, and IIS answers with 500.
   */
  warn(text: string): void {
    if (this.ended || text === "") return;
    if (this.started) this.#tell(text);
    else (this.#warnings ??= []).push(text);
  }

  /** Closes STDOUT and ends the exchange (section 5.5). */
  end({ applicationStatus = 0, protocolStatus = ProtocolStatus.RequestComplete }: EndFields = {}): void {
    if (this.ended) return;
    // Whoever aborted the request reads no answer, and must not find STDERR in the place of one.
    if (this.aborted === undefined) this.#tellWarnings();
    this.#host.output.end(this.id, applicationStatus, protocolStatus);
    this.#finish();
  }

  /**
   * Gives up an answer whose first bytes are sent already. Web servers ignore the application status, so the peer is
   * shown a broken connection where no other request would suffer from it.
   */
  breakOff(): void {
    if (this.ended) return;
    this.#host.broken(this);
  }

  /**
   * Tells the request, once, that it ended early: input fails, listeners are called. It does not end the exchange.
   */
  abort(reason: AbortedError): void {
    if (this.aborted !== undefined || this.ended) return;
    this.aborted = reason;
    this.#input?.fail(reason);
    this.warnOfAbort(reason);
    const listeners = this.#abortListeners;
    this.#abortListeners = undefined;
    callListeners(listeners, reason);
  }

  /** Whether somebody listens for an abort, so that it makes sense to wait for what they do. */
  get watched(): boolean {
    return this.#abortListeners !== undefined || this.#warningListeners !== undefined;
  }

  /** Tells that the answer is probably not wanted any more; what the handler makes of it is sent if it can be. */
  warnOfAbort(reason: AbortedError): void {
    const listeners = this.#warningListeners;
    this.#warningListeners = undefined;
    callListeners(listeners, reason);
  }

  /** Calls the listener, once, when the answer is probably not wanted any more, at the latest when it is aborted. */
  onWarning(listener: (reason: AbortedError) => void): void {
    if (this.aborted !== undefined) listener(this.aborted);
    else (this.#warningListeners ??= []).push(listener);
  }

  /** Calls the listener when the request ends early; at once if it already has. */
  onAbort(listener: (reason: AbortedError) => void): void {
    if (this.aborted !== undefined) callListener(listener, this.aborted);
    else (this.#abortListeners ??= []).push(listener);
  }

  /** Calls the listener when the exchange has ended, in whatever way; at once if it already has. */
  onEnd(listener: () => void): void {
    if (this.ended) callListener(listener, undefined);
    else (this.#endListeners ??= []).push(listener);
  }

  /** The connection is gone: from here on nothing is written. */
  detach(reason: AbortedError): void {
    if (this.ended) return;
    this.abort(reason);
    this.ended = true;
    this.#tellEnded();
  }

  /** Writes the lines that have waited for the answer to begin. */
  #tellWarnings(): void {
    const lines = this.#warnings;
    if (lines === undefined) return;
    this.#warnings = undefined;
    for (const line of lines) this.#tell(line);
  }

  #tell(line: string): void {
    this.#host.output.stream(RecordType.Stderr, this.id, line.endsWith("\n") ? line : `${line}\n`);
    this.#host.outputQueued();
  }

  #start(): void {
    this.started = true;
    // From here on the time is the producer's and the client's own, unless the request is being aborted.
    if (this.aborted === undefined) this.deadline = Infinity;
  }

  #finish(): void {
    this.ended = true;
    this.#abortListeners = undefined;
    // Input that nobody read holds nothing up any more; what is still to come is dropped as it arrives.
    this.discardInput();
    this.#host.ended(this);
    this.#host.outputQueued();
    this.#tellEnded();
  }

  #tellEnded(): void {
    const listeners = this.#endListeners;
    this.#endListeners = undefined;
    callListeners(listeners, undefined);
  }
}
