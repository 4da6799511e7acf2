import { ProtocolError } from "../../errors.js";
import type { ActiveRequests } from "./active-requests.js";
import type { Application } from "./application.js";
import type { EarlyEnd } from "./early-end.js";
import type { Exchange } from "./exchange.js";
import type { Framing } from "../framing.js";
import type { InputStream } from "../input-stream.js";
import { excessOf, type ApplicationSideLimits } from "../limits.js";
import { excessiveParams, longBody, longParams, malformedParams } from "./refusals.js";
import { collectorOf, dispatch } from "./request-phase.js";
import type { TimeLimits } from "./time-limits.js";

/** The parts of a connection that its input streams need. */
export interface RequestStreamsParts {
  readonly requests: ActiveRequests;
  readonly earlyEnd: EarlyEnd;
  readonly timeLimits: TimeLimits;
  readonly limits: ApplicationSideLimits;
  readonly framing: Framing;
}

/**
 * The streams that the Web server sends for the requests of one connection: PARAMS, at whose end a request is dispatched,
 * then STDIN and DATA, within their limits. Empty content ends a stream (section 3.3).
 */
export class RequestStreams {
  readonly #application: Application;
  readonly #requests: ActiveRequests;
  readonly #earlyEnd: EarlyEnd;
  readonly #timeLimits: TimeLimits;
  readonly #limits: ApplicationSideLimits;
  readonly #framing: Framing;

  constructor(application: Application, parts: RequestStreamsParts) {
    const { requests, earlyEnd, timeLimits, limits, framing } = parts;
    this.#application = application;
    this.#requests = requests;
    this.#earlyEnd = earlyEnd;
    this.#timeLimits = timeLimits;
    this.#limits = limits;
    this.#framing = framing;
  }

  /** @throws ProtocolError `ERR_FCGI_STREAM_CLOSED` for content after the end of PARAMS */
  params(exchange: Exchange, content: Buffer): void {
    if (content.length === 0) {
      // nginx 1.22 closes PARAMS twice for a request without params.
      if (exchange.phase.kind === "params") this.#dispatch(exchange, exchange.phase.collected.take());
      return;
    }
    const collected = collectorOf(exchange.phase, exchange.id);
    if (collected === undefined) return;
    if (collected.length + content.length > this.#limits.paramsBytes) {
      this.#earlyEnd.refuse(exchange, longParams(this.#limits.paramsBytes));
      return;
    }
    collected.push(content);
    exchange.paramsBytes = collected.length;
    this.#requests.bufferedChanged(content.length);
  }

  #dispatch(exchange: Exchange, block: Buffer): void {
    try {
      exchange.params = this.#framing.params(block);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#requests.violated(error);
      this.#earlyEnd.refuse(exchange, malformedParams(error));
      return;
    }
    const excess = excessOf(exchange.params, this.#limits);
    if (excess !== undefined) {
      this.#earlyEnd.refuse(exchange, excessiveParams(excess));
      return;
    }
    exchange.phase = dispatch(exchange.phase, this.#timeLimits.answerDeadline(exchange.role));
    this.#application.dispatch(exchange);
  }

  /** @throws ProtocolError `ERR_FCGI_STREAM_CLOSED` for content after the end of STDIN */
  stdin(exchange: Exchange, content: Buffer): void {
    if (content.length === 0) {
      // Also in a role without STDIN: nothing more is on its way after it.
      exchange.endStdin();
    } else if (exchange.inputs.stdin) {
      if (exchange.stdinEnded) throw streamEnded("STDIN");
      this.#push(exchange, { stream: exchange.stdin, content });
    }
    this.#makeWayForData(exchange);
  }

  /** @throws ProtocolError `ERR_FCGI_STREAM_CLOSED` for content after the end of DATA */
  data(exchange: Exchange, content: Buffer): void {
    if (!exchange.inputs.data) return;
    if (content.length === 0) exchange.data.end();
    else if (exchange.data.ended) throw streamEnded("DATA");
    else this.#push(exchange, { stream: exchange.data, content });
  }

  /** A handler has taken bytes; 0 if it begins to wait for the next ones. */
  consumed(bytes: number): void {
    this.#requests.bufferedChanged(-bytes);
    if (bytes === 0) for (const exchange of this.#requests) this.#makeWayForData(exchange);
  }

  #push(exchange: Exchange, input: { readonly stream: InputStream; readonly content: Buffer }): void {
    const { stream, content } = input;
    const { bodyBytes } = this.#limits;
    if (stream.received + content.length > bodyBytes) {
      this.#earlyEnd.refuse(exchange, longBody(bodyBytes));
      return;
    }
    this.#timeLimits.allowForUpload(exchange, content.length);
    this.#requests.bufferedChanged(content.length);
    stream.push(content);
  }

  /** Section 6.4: DATA follows STDIN, so a filter that waits for DATA would wait for ever while STDIN is full. */
  #makeWayForData(exchange: Exchange): void {
    if (!exchange.inputs.data || !exchange.data.awaited) return;
    if (exchange.stdin.buffered >= this.#limits.bufferedPerRequest) exchange.stdin.discard();
  }
}

function streamEnded(name: string): ProtocolError {
  return new ProtocolError("ERR_FCGI_STREAM_CLOSED", `Cannot read ${name}: the stream has ended`);
}
