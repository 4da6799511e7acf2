import type { IncomingMessage, ServerResponse } from "node:http";

import type { Logger } from "pino";

import { ClientError, type FastCgiClient } from "../client/index.js";
import { TricornError } from "../errors.js";
import type { DocumentRoot } from "../files/document-root.js";
import { LogBudgets } from "../log/log-budgets.js";
import { logSafely } from "../log/log-safely.js";
import { hasKnownCoding, parseAuthority } from "./cgi-params.js";
import { GatewayDispatcher, type PhpScripts } from "./gateway-dispatcher.js";
import type { ExchangeObserver, GatewayObserver } from "./gateway-observer.js";
import type { Arrival } from "./http-listener.js";
import { HttpExchange } from "./http-exchange.js";
import { parseRequestPath } from "./request-path.js";
import type { ResponseEditor } from "./response-editor.js";
import type { RouteTable } from "./route-table.js";
import { failureStatus, respondWithStatus } from "./status-response.js";

/** Options of {@link Site}. */
export interface SiteOptions {
  readonly client: FastCgiClient;
  readonly root: DocumentRoot;
  readonly routes: RouteTable;
  readonly mount: string;
  /** Of a PHP application. */
  readonly php?: PhpScripts | undefined;
  /** Who answers a path that is neither declared nor a file: `application` as behind a generated configuration. */
  readonly unknown: "application" | "gateway";
  /** In milliseconds. */
  readonly authorizerTimeout: number;
  readonly log: Logger;
  /** For the lines of FCGI_STDERR. */
  readonly stderrLog: Logger;
  readonly observe: GatewayObserver | undefined;
  readonly editor?: ResponseEditor | undefined;
}

/** An application, its routes and its files, as HTTP clients see them: all of a gateway but its sockets. */
export class Site {
  readonly #log: Logger;
  readonly #budgets = new LogBudgets();
  readonly #dispatcher: GatewayDispatcher;
  readonly #observe: GatewayObserver | undefined;
  readonly #editor: ResponseEditor | undefined;

  constructor({ client, log, stderrLog, observe, editor, ...rest }: SiteOptions) {
    this.#log = log;
    this.#observe = observe;
    this.#editor = editor;
    this.#dispatcher = new GatewayDispatcher({
      application: { client, log: stderrLog, budgets: this.#budgets },
      ...rest,
    });
  }

  /** Answers a request. */
  take(request: IncomingMessage, response: ServerResponse, { awaitsContinue }: Arrival): void {
    // A write to a closed connection; "close" follows.
    response.on("error", ignore);
    const observer = this.#observe?.began(request);
    if (observer !== undefined) observeEnd(observer, response);
    const path = parseRequestPath(request.url ?? "");
    if (
      path.kind === "refused" ||
      !hasPlainHost(request, path.kind === "path" ? path.authority : undefined)
    ) {
      this.#log.debug(
        { reason: path.kind === "refused" ? path.fact : "the Host is malformed" },
        "request refused",
      );
      respondWithStatus(response, 400);
      return;
    }
    if (!hasKnownCoding(request)) {
      respondWithStatus(response, 501);
      return;
    }
    if (path.kind === "redirected") {
      respondWithStatus(response, 308, { headers: { Location: path.location } });
      return;
    }
    const editor = this.#editor;
    const exchange = new HttpExchange({ request, response, path, awaitsContinue, observer, editor });
    this.#dispatcher.dispatch(exchange).catch((error: unknown) => this.#failed(exchange, error));
  }

  #failed(exchange: HttpExchange, error: unknown): void {
    const { path, response, signal, method } = exchange;
    exchange.observer?.failed(error);
    if (signal.aborted) {
      this.#log.debug({ method, path: path.path }, "client left");
      return;
    }
    this.#logFailure(error, { method, path: path.path });
    exchange.abandon(error);
    if (response.headersSent) return;
    if (exchange.editor === undefined) respondWithStatus(response, failureStatus(error));
    else exchange.editor.failed(exchange, error);
  }

  #logFailure(error: unknown, request: { readonly method: string; readonly path: string }): void {
    // Before the application has started, or after it has ended, every request fails in this way.
    const isReachable = !(error instanceof ClientError && error.code === "ERR_CLIENT_CONNECT");
    const message = isReachable ? "request failed" : "application is not reachable";
    const more = this.#budgets.admit(message);
    if (more === undefined) return;
    // The stack does not explain a fault of the peer.
    const isRemote = error instanceof TricornError && error.fault === "remote";
    const facts = isRemote ? { code: error.code, fact: error.message } : { err: error };
    logSafely(() => this.#log[isReachable ? "error" : "warn"]({ ...facts, ...request, ...more }, message));
  }
}

function observeEnd(observer: ExchangeObserver, response: ServerResponse): void {
  response.once("close", () => {
    const { headersSent, statusCode, writableFinished: complete } = response;
    observer.ended({ status: headersSent ? statusCode : undefined, complete });
  });
}

/** RFC 9112, section 3.2: a request with several Host fields, or a malformed one, is refused. */
function hasPlainHost({ rawHeaders, headers }: IncomingMessage, authority: string | undefined): boolean {
  const count = rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === "host").length;
  const named = authority ?? headers.host;
  return count <= 1 && (named === undefined || named === "" || parseAuthority(named) !== undefined);
}

function ignore(): void {}
