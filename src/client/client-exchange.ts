import { ProtocolError } from "../errors.js";
import type { EndRequestBody } from "../protocol/bodies.js";
import { CgiResponseParser } from "../protocol/cgi-response.js";
import { ProtocolStatus } from "../protocol/constants.js";
import type { AnswerSink, OutgoingRequest } from "../protocol/outgoing-request.js";
import { after } from "./after.js";
import { Answer } from "./answer.js";
import type { Call } from "./call.js";
import { ClientError, type ClientErrorCode } from "./client-error.js";
import type { ClientSettings } from "./client-options.js";
import { ClientResponse } from "./client-response.js";
import { RequestSender, type OutputGate } from "./request-sender.js";
import { ResponseHeaders } from "./response-headers.js";

/** What an exchange needs of its connection. */
export interface ClientExchangeHost extends OutputGate {
  readonly settings: ClientSettings;
  /** Whether the transport is not read because answers wait for their readers. */
  readonly paused: boolean;
  /** Fewer bytes wait for their readers than before. */
  answerConsumed(): void;
  /** END_REQUEST has come for the exchange. */
  exchangeEnded(exchange: ClientExchange): void;
  /** The caller has lost interest, or the answer is unusable: the application is to be told. */
  exchangeGivenUp(exchange: ClientExchange): void;
  /** The application refused to multiplex. */
  multiplexRefused(): void;
  /** The call is to be sent again on another connection. */
  retry(call: Call): void;
}

/** How the connection was when an exchange began. */
export interface ExchangeCircumstances {
  /** It had been kept without a request, so that the application may have closed it at the same moment. */
  readonly onIdleConnection: boolean;
  /** Another request was active on it. */
  readonly shared: boolean;
}

/** How often a request is sent to an application that takes one at a time on a connection. */
const MAX_ATTEMPTS = 3;

/** One attempt to have a call answered on one connection. */
export class ClientExchange implements AnswerSink {
  readonly call: Call;
  readonly #host: ClientExchangeHost;
  readonly #sender: RequestSender;
  readonly #answer: Answer;
  readonly #parser: CgiResponseParser | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #start: ExchangeCircumstances;
  #request: OutgoingRequest | undefined;
  /** Whether anything has come back. */
  #touched = false;
  /** Whether the caller has the response. */
  #answered = false;
  /** Bytes of the body that Content-Length announced and that have not come; undefined where it is not held to it. */
  #bodyLeft: number | undefined;
  #settled = false;

  constructor(call: Call, host: ClientExchangeHost, start: ExchangeCircumstances) {
    this.call = call;
    this.#host = host;
    this.#start = start;
    const { limits, timeouts } = host.settings;
    this.#answer = new Answer(
      { consumed: () => host.answerConsumed(), cancelled: (reason) => this.#giveUp(reason) },
      limits,
    );
    this.#parser = call.raw
      ? undefined
      : new CgiResponseParser({ bytes: limits.headerBytes, count: limits.headerCount });
    this.#sender = new RequestSender(host, {
      progressed: () => this.#timer?.refresh(),
      failed: (cause) => this.#bodyFailed(cause),
    });
    this.#timer = after(timeouts.response, this.#silent);
    call.attempts += 1;
    call.onCancel = (reason) => this.#giveUp(reason);
  }

  /** Sends the input streams; BEGIN_REQUEST and PARAMS are queued already. */
  send(request: OutgoingRequest): void {
    this.#request = request;
    this.#sender.send(request, this.call.inputs);
  }

  /** Asks the application to stop (section 5.4). */
  abort(): void {
    this.#request?.abort();
  }

  /** Whether the caller knows how it ended, so that what still comes concerns nobody. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether anything of its answer has come. */
  get touched(): boolean {
    return this.#touched;
  }

  /** Bytes of the answer that wait for their reader. */
  get buffered(): number {
    return this.#answer.body.buffered;
  }

  /** The application has sent something that may be a part of the answer: of a record's header, or its padding. */
  received(): void {
    if (!this.#settled) this.#timer?.refresh();
  }

  stdout(piece: Buffer): void {
    this.#touched = true;
    if (this.#settled) return;
    this.#timer?.refresh();
    if (this.#answered) this.#readBody(piece);
    else this.#readHead(piece);
  }

  stderr(piece: Buffer): void {
    this.#touched = true;
    if (this.#settled) return;
    this.#timer?.refresh();
    this.#answer.warn(piece);
  }

  ended(end: EndRequestBody): void {
    if (!this.#settled) this.#conclude(end);
    this.#host.exchangeEnded(this);
  }

  /** The connection is gone without an END_REQUEST. */
  connectionLost(error: ClientError): void {
    if (this.#settled) return;
    const { call } = this;
    if (this.#start.onIdleConnection && !this.#touched && call.repeatable && call.attempts === 1) {
      this.#settle(error);
      call.needsNewConnection = true;
      this.#host.retry(call);
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
      this.#headerRefused(error);
      this.#host.exchangeGivenUp(this);
      return;
    }
    if (head === undefined) return;
    // RFC 9110, section 8.6: there Content-Length is that of another answer, to a GET.
    const isBodiless = this.call.isHead || head.status === 204 || head.status === 304;
    if (!isBodiless) this.#bodyLeft = head.length;
    this.#respond(head.status, head.statusText, new ResponseHeaders(head.headers));
    if (head.rest.length > 0) this.#readBody(head.rest);
  }

  #readBody(piece: Buffer): void {
    if (this.#bodyLeft !== undefined) {
      this.#bodyLeft -= piece.length;
      if (this.#bodyLeft < 0) {
        this.#wrongLength("its body is longer than its Content-Length");
        this.#host.exchangeGivenUp(this);
        return;
      }
    }
    this.#answer.body.push(piece);
  }

  #respond(status: number, statusText: string, headers: ResponseHeaders): void {
    this.#answered = true;
    this.call.resolve(new ClientResponse(this.#answer, { status, statusText, headers }));
  }

  #conclude(end: EndRequestBody): void {
    if (!this.#answered) {
      if (end.protocolStatus !== ProtocolStatus.RequestComplete) {
        this.#refused(end.protocolStatus);
        return;
      }
      if (this.#parser !== undefined) {
        this.#headerRefused(this.#parser.incomplete());
        return;
      }
      this.#respond(0, "", new ResponseHeaders([]));
    }
    if (this.#bodyLeft !== undefined && this.#bodyLeft > 0) {
      this.#wrongLength(`it ended ${this.#bodyLeft} bytes before its Content-Length`);
      return;
    }
    this.#settle(undefined);
    this.call.finish();
    this.#answer.complete(end);
  }

  /** Section 5.5: the application did not take the request. */
  #refused(protocolStatus: number): void {
    if (protocolStatus === ProtocolStatus.CantMpxConn) {
      this.#host.multiplexRefused();
      if (this.#start.shared && this.call.replayable && this.call.attempts < MAX_ATTEMPTS) {
        this.#settle(undefined);
        this.#host.retry(this.call);
        return;
      }
    }
    const [code, fact] = refusals[protocolStatus] ?? otherRefusal;
    this.#fail(
      (stderr) => new ClientError(code, `Cannot complete request: the application ${fact}`, { stderr }),
    );
  }

  #headerRefused(cause: unknown): void {
    const message = cause instanceof ProtocolError ? cause.message : "Cannot read response header";
    this.#fail((stderr) => new ClientError("ERR_CLIENT_RESPONSE_HEADER", message, { cause, stderr }));
  }

  #wrongLength(fact: string): void {
    const message = `Cannot read answer: ${fact}`;
    this.#fail((stderr) => new ClientError("ERR_CLIENT_RESPONSE_LENGTH", message, { stderr }));
  }

  #bodyFailed(cause: unknown): void {
    const message = "Cannot complete request: the source of its body failed";
    this.#giveUp(new ClientError("ERR_CLIENT_BODY", message, { cause, fault: "local" }));
  }

  readonly #silent = (): void => {
    if (this.#sender.awaitsSource || this.buffered > 0 || this.#host.paused) {
      this.#timer?.refresh();
      return;
    }
    const { response } = this.#host.settings.timeouts;
    const message = `Cannot complete request: nothing came from the application for ${response} ms`;
    this.#fail((stderr) => new ClientError("ERR_CLIENT_TIMEOUT", message, { stderr }));
    this.#host.exchangeGivenUp(this);
  };

  #giveUp(reason: unknown): void {
    if (this.#settled) return;
    this.#fail(() => reason);
    this.#host.exchangeGivenUp(this);
  }

  #fail(reasonFor: (stderr: string) => unknown): void {
    const reason = reasonFor(this.#answer.settleStderr());
    this.#settle(reason);
    this.#answer.fail(reason);
    if (this.#answered) this.call.finish();
    else this.call.reject(reason);
  }

  #settle(reason: unknown): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#sender.stop(reason);
  }
}

const refusals: Readonly<Record<number, readonly [ClientErrorCode, string]>> = {
  [ProtocolStatus.CantMpxConn]: ["ERR_CLIENT_CANT_MPX", "takes one request at a time on a connection"],
  [ProtocolStatus.Overloaded]: ["ERR_CLIENT_OVERLOADED", "is overloaded"],
  [ProtocolStatus.UnknownRole]: ["ERR_CLIENT_UNKNOWN_ROLE", "does not know the role"],
};
const otherRefusal: readonly [ClientErrorCode, string] = [
  "ERR_CLIENT_PROTOCOL_STATUS",
  "ended it with an unknown protocol status",
];
