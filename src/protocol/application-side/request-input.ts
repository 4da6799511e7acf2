import { ProtocolError } from "../../errors.js";
import type { ActiveRequest, ActiveRequests } from "./active-requests.js";
import type { Application } from "./application.js";
import type { EarlyEnd } from "./early-end.js";
import type { Exchange } from "./exchange.js";
import type { InputStream } from "./input-stream.js";
import { excessOf, type ApplicationSideLimits } from "../limits.js";
import { Params } from "../params.js";
import { excessiveParams, longBody, longParams, malformedParams } from "./refusals.js";
import type { TimeLimits } from "./time-limits.js";

/** What of a connection takes part in its input. */
export interface RequestInputParts {
  readonly requests: ActiveRequests;
  readonly earlyEnd: EarlyEnd;
  readonly timeLimits: TimeLimits;
  readonly limits: ApplicationSideLimits;
}

/**
 * What the Web server sends of the requests of one connection: PARAMS, at whose end a request is dispatched, then STDIN
 * and DATA, in bounds. Empty content ends a stream (section 3.3).
 */
export class RequestInput {
  readonly #application: Application;
  readonly #requests: ActiveRequests;
  readonly #earlyEnd: EarlyEnd;
  readonly #timeLimits: TimeLimits;
  readonly #limits: ApplicationSideLimits;

  constructor(application: Application, { requests, earlyEnd, timeLimits, limits }: RequestInputParts) {
    this.#application = application;
    this.#requests = requests;
    this.#earlyEnd = earlyEnd;
    this.#timeLimits = timeLimits;
    this.#limits = limits;
  }

  /** @throws ProtocolError where PARAMS go on behind their end */
  params(request: ActiveRequest, content: Buffer): void {
    const { exchange, params } = request;
    if (params === undefined) {
      // nginx 1.22 without a single parameter closes PARAMS twice.
      if (content.length === 0) return;
      throw new ProtocolError(
        "ERR_FCGI_STREAM_CLOSED",
        `Cannot read PARAMS: they have ended for id ${exchange.id}`,
      );
    }
    if (content.length === 0) {
      request.params = undefined;
      this.#dispatch(exchange, params.take());
      return;
    }
    if (params.length + content.length > this.#limits.paramsBytes) {
      this.#application.refuse(exchange, longParams(this.#limits.paramsBytes));
      return;
    }
    params.push(content);
    request.paramsBytes += content.length;
    this.#requests.bufferedChanged(content.length);
  }

  #dispatch(exchange: Exchange, params: Buffer): void {
    try {
      exchange.params = new Params(params);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#application.refuse(exchange, malformedParams(error));
      return;
    }
    const excess = excessOf(exchange.params, this.#limits);
    if (excess !== undefined) {
      this.#application.refuse(exchange, excessiveParams(excess));
      return;
    }
    this.#timeLimits.awaitAnswer(exchange);
    this.#application.dispatch(exchange);
  }

  /** @throws ProtocolError where STDIN goes on behind its end */
  stdin(request: ActiveRequest, content: Buffer): void {
    const { exchange, inputs } = request;
    if (content.length === 0) {
      // Also where nobody reads it in this role: that it has ended tells that nothing is on its way any more.
      exchange.endStdin();
    } else if (inputs.stdin) {
      if (exchange.stdinEnded) throw streamEnded("STDIN");
      this.#push(exchange, { stream: exchange.stdin, content });
    }
    this.#makeWayForData(request);
  }

  /** @throws ProtocolError where DATA goes on behind its end */
  data({ exchange, inputs }: ActiveRequest, content: Buffer): void {
    if (!inputs.data) return;
    if (content.length === 0) exchange.data.end();
    else if (exchange.data.ended) throw streamEnded("DATA");
    else this.#push(exchange, { stream: exchange.data, content });
  }

  /** A handler has taken so many bytes; none where it begins to wait for the next ones. */
  consumed(bytes: number): void {
    this.#requests.bufferedChanged(-bytes);
    if (bytes === 0) for (const request of this.#requests) this.#makeWayForData(request);
  }

  #push(exchange: Exchange, input: { readonly stream: InputStream; readonly content: Buffer }): void {
    const { stream, content } = input;
    const { bodyBytes } = this.#limits;
    if (stream.received + content.length > bodyBytes) {
      this.#earlyEnd.refuse(exchange, { code: "ERR_ABORTED_LIMIT", refusal: longBody(bodyBytes) });
      return;
    }
    this.#timeLimits.allowForUpload(exchange, content.length);
    this.#requests.bufferedChanged(content.length);
    stream.push(content);
  }

  /** Section 6.4: DATA comes behind STDIN, so a filter that waits for it would wait for ever behind a full STDIN. */
  #makeWayForData({ exchange, inputs }: ActiveRequest): void {
    if (!inputs.data || !exchange.data.awaited) return;
    if (exchange.stdin.buffered >= this.#limits.bufferedPerRequest) exchange.stdin.discard();
  }
}

function streamEnded(name: string): ProtocolError {
  return new ProtocolError("ERR_FCGI_STREAM_CLOSED", `Cannot read ${name}: the stream has ended`);
}
