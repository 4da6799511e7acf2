import { ProtocolError } from "../errors.js";
import type { EndRequestBody } from "../protocol/bodies.js";
import { CgiResponseParser } from "../protocol/cgi-response.js";
import { ProtocolStatus } from "../protocol/constants.js";
import type { AnswerSink, OutgoingRequest } from "../protocol/outgoing-request.js";
import { after } from "./after.js";
import { ResponseStreams } from "./response-streams.js";
import type { PendingRequest } from "./pending-request.js";
import { ClientError, refusedBy } from "./client-error.js";
import type { ClientSettings } from "./client-options.js";
import { ClientResponse } from "./client-response.js";
import { RequestSender, type OutputGate } from "./request-sender.js";
import { ResponseHeaders } from "./response-headers.js";

/** What an exchange needs of its connection. */
export interface ClientExchangeHost extends OutputGate {
  readonly settings: ClientSettings;
  /** Whether reading from the transport is paused because responses are unread. */
  readonly paused: boolean;
  /** Bytes of a response were read. */
  responseConsumed(): void;
  /** The exchange received END_REQUEST. */
  exchangeEnded(exchange: ClientExchange): void;
  /** The caller cancelled, or the response is unusable: the application is to be told to abort. */
  exchangeCancelled(exchange: ClientExchange): void;
  /** The application refused to multiplex. */
  multiplexRefused(): void;
  /** The request is to be sent again on another connection. */
  retry(request: PendingRequest): void;
}

/** The state of the connection when an exchange began. */
export interface ExchangeCircumstances {
  /** It had been idle, so the application may have closed it at the same moment. */
  readonly onIdleConnection: boolean;
  /** Another request was active on it. */
  readonly shared: boolean;
}

/** How often a request is sent to an application that refuses to multiplex. */
const MAX_ATTEMPTS = 3;

/** One attempt to get a response to a request, on one connection. */
export class ClientExchange implements AnswerSink {
  readonly pending: PendingRequest;
  readonly #host: ClientExchangeHost;
  readonly #sender: RequestSender;
  readonly #response: ResponseStreams;
  readonly #parser: CgiResponseParser | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #start: ExchangeCircumstances;
  #request: OutgoingRequest | undefined;
  /** Whether any byte of STDOUT or STDERR has arrived. */
  #responded = false;
  /** Whether the header block is complete, so that the caller has the response. */
  #hasHead = false;
  /** Bytes of the body that are missing according to Content-Length; undefined if that does not apply. */
  #bytesLeft: number | undefined;
  #settled = false;

  constructor(pending: PendingRequest, host: ClientExchangeHost, start: ExchangeCircumstances) {
    this.pending = pending;
    this.#host = host;
    this.#start = start;
    const { limits, timeouts } = host.settings;
    this.#response = new ResponseStreams(
      { consumed: () => host.responseConsumed(), cancelled: (reason) => this.#cancel(reason) },
      limits,
    );
    this.#parser = pending.raw
      ? undefined
      : new CgiResponseParser({ bytes: limits.headerBytes, count: limits.headerCount });
    this.#sender = new RequestSender(host, {
      progressed: () => this.#timer?.refresh(),
      failed: (cause) => this.#bodyFailed(cause),
    });
    this.#timer = after(timeouts.response, this.#silent);
    pending.attempts += 1;
    pending.onCancel = (reason) => this.#cancel(reason);
  }

  /** Sends the input streams, after BEGIN_REQUEST and PARAMS. */
  send(request: OutgoingRequest): void {
    this.#request = request;
    this.#sender.send(request, this.pending.inputs);
  }

  /** Asks the application to stop (section 5.4). */
  abort(): void {
    this.#request?.abort();
  }

  /** Whether the caller has the result: further records are ignored. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether any byte of its response has arrived. */
  get responded(): boolean {
    return this.#responded;
  }

  /** Unread bytes of the response. */
  get buffered(): number {
    return this.#response.body.buffered;
  }

  /** The application sent bytes that may belong to the response: part of a record's header, or padding. */
  received(): void {
    if (!this.#settled) this.#timer?.refresh();
  }

  stdout(piece: Buffer): void {
    this.#responded = true;
    if (this.#settled) return;
    this.#timer?.refresh();
    if (this.#hasHead) this.#readBody(piece);
    else this.#readHead(piece);
  }

  stderr(piece: Buffer): void {
    this.#responded = true;
    if (this.#settled) return;
    this.#timer?.refresh();
    this.#response.warn(piece);
  }

  ended(end: EndRequestBody): void {
    if (!this.#settled) this.#conclude(end);
    this.#host.exchangeEnded(this);
  }

  /** The connection closed before END_REQUEST. */
  connectionLost(error: ClientError): void {
    if (this.#settled) return;
    const { pending } = this;
    if (this.#start.onIdleConnection && !this.#responded && pending.repeatable && pending.attempts === 1) {
      this.#settle(error);
      pending.needsNewConnection = true;
      this.#host.retry(pending);
    } else {
      const { code, message, fault, cause } = error;
      this.#fail((stderr) => new ClientError(code, message, { fault, cause, stderr }));
    }
  }

  #readHead(piece: Buffer): void {
    if (this.#parser === undefined) {
      this.#respond(0, "", new ResponseHeaders([]));
      this.#readBody(piece);
      return;
    }
    let head;
    try {
      head = this.#parser.push(piece);
    } catch (error) {
      this.#headFailed(error);
      this.#host.exchangeCancelled(this);
      return;
    }
    if (head === undefined) return;
    // RFC 9110, section 8.6: here Content-Length describes the response to a GET.
    const isBodiless = this.pending.isHead || head.status === 204 || head.status === 304;
    if (!isBodiless) this.#bytesLeft = head.length;
    this.#respond(head.status, head.statusText, new ResponseHeaders(head.headers));
    if (head.rest.length > 0) this.#readBody(head.rest);
  }

  #readBody(piece: Buffer): void {
    if (this.#bytesLeft !== undefined) {
      this.#bytesLeft -= piece.length;
      if (this.#bytesLeft < 0) {
        this.#wrongLength("its body is longer than its Content-Length");
        this.#host.exchangeCancelled(this);
        return;
      }
    }
    this.#response.body.push(piece);
  }

  #respond(status: number, statusText: string, headers: ResponseHeaders): void {
    this.#hasHead = true;
    this.pending.resolve(new ClientResponse(this.#response, { status, statusText, headers }));
  }

  #conclude(end: EndRequestBody): void {
    if (!this.#hasHead) {
      if (end.protocolStatus !== ProtocolStatus.RequestComplete) {
        this.#refused(end.protocolStatus);
        return;
      }
      if (this.#parser !== undefined) {
        this.#headFailed(this.#parser.incomplete());
        return;
      }
      this.#respond(0, "", new ResponseHeaders([]));
    }
    if (this.#bytesLeft !== undefined && this.#bytesLeft > 0) {
      this.#wrongLength(`it ended ${this.#bytesLeft} bytes before its Content-Length`);
      return;
    }
    this.#settle(undefined);
    this.pending.finish();
    this.#response.complete(end);
  }

  /** Section 5.5: the application refused the request. */
  #refused(protocolStatus: number): void {
    if (protocolStatus === ProtocolStatus.CantMpxConn) {
      this.#host.multiplexRefused();
      if (this.#start.shared && this.pending.replayable && this.pending.attempts < MAX_ATTEMPTS) {
        this.#settle(undefined);
        this.#host.retry(this.pending);
        return;
      }
    }
    this.#fail((stderr) => refusedBy(protocolStatus, stderr));
  }

  #headFailed(cause: unknown): void {
    const message = cause instanceof ProtocolError ? cause.message : "Cannot read response header";
    this.#fail((stderr) => new ClientError("ERR_CLIENT_RESPONSE_HEADER", message, { cause, stderr }));
  }

  #wrongLength(fact: string): void {
    const message = `Cannot read response: ${fact}`;
    this.#fail((stderr) => new ClientError("ERR_CLIENT_RESPONSE_LENGTH", message, { stderr }));
  }

  #bodyFailed(cause: unknown): void {
    const message = "Cannot complete request: the source of its body failed";
    this.#cancel(new ClientError("ERR_CLIENT_BODY", message, { cause, fault: "local" }));
  }

  readonly #silent = (): void => {
    if (this.#sender.awaitsSource || this.buffered > 0 || this.#host.paused) {
      this.#timer?.refresh();
      return;
    }
    const { response } = this.#host.settings.timeouts;
    const message = `Cannot complete request: the application sent nothing for ${response} ms`;
    this.#fail((stderr) => new ClientError("ERR_CLIENT_TIMEOUT", message, { stderr }));
    this.#host.exchangeCancelled(this);
  };

  #cancel(reason: unknown): void {
    if (this.#settled) return;
    this.#fail(() => reason);
    this.#host.exchangeCancelled(this);
  }

  #fail(reasonFor: (stderr: string) => unknown): void {
    const reason = reasonFor(this.#response.settleStderr());
    this.#settle(reason);
    this.#response.fail(reason);
    if (this.#hasHead) this.pending.finish();
    else this.pending.reject(reason);
  }

  #settle(reason: unknown): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#sender.stop(reason);
  }
}
