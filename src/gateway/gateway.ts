import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { pino, type Logger } from "pino";

import { blame, blamingCaller, callerOf, type Caller } from "../diagnostics/caller.js";
import { ClientError, FastCgiClient } from "../client/index.js";
import { TricornError } from "../errors.js";
import { hasKnownCoding, parseAuthority } from "./cgi-params.js";
import { GatewayDispatcher } from "./gateway-dispatcher.js";
import {
  defaultGatewayTimeouts,
  gatewaySettingsOf,
  type GatewayOptions,
  type GatewayTimeouts,
} from "./gateway-options.js";
import { DocumentRoot } from "../files/document-root.js";
import { HttpExchange } from "./http-exchange.js";
import { listenError } from "./listen-error.js";
import { failureStatus, respondWithStatus } from "./status-response.js";
import { logSafely } from "../log/log-safely.js";
import { defaultLog } from "../log/default-log.js";
import { LogBudgets } from "../log/log-budgets.js";
import { parseRequestPath } from "./request-path.js";
import type { RouteTable } from "./route-table.js";
import { exitUnlessCaught, reportMistake } from "../diagnostics/start-failure.js";

/**
 * The embedded Web server, for development and tests: it speaks HTTP to clients, and FastCGI over a real socket to the application.
 *
 * Every request takes the same steps. Its path is parsed; an ambiguous one is refused or redirected. A protected path must be
 * allowed by an authorizer. Then the first that matches responds: the filter for a file that a filter glob covers, the responder
 * for a path that an entry of `respond` covers, the static file.
 */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #client: FastCgiClient;
  readonly #routes: RouteTable;
  readonly #timeouts: GatewayTimeouts;
  readonly #mount: string;
  readonly #log: Logger;
  readonly #budgets = new LogBudgets();
  readonly #server: Server;
  #dispatcher: GatewayDispatcher | undefined;
  #closing: Promise<void> | undefined;

  /** @throws ConfigurationError for an invalid option, address, port, route or mount */
  constructor(options: GatewayOptions) {
    const { routes, mount, client } = reportingMistakes(() =>
      blamingCaller(Gateway, () => gatewaySettingsOf(options)),
    );
    this.#options = options;
    this.#mount = mount;
    this.#routes = routes;
    this.#timeouts = { ...defaultGatewayTimeouts, ...options.timeouts };
    this.#log = options.log ?? defaultLog([]).log;
    this.#client = client;
    this.#server = createServer();
    // Undocumented in Node.js: a FIN does not end the connection while a request on it has no response.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.on("request", (request, response) =>
      this.#take(request, response, { awaitsContinue: false }),
    );
    this.#server.on("checkContinue", (request, response) =>
      this.#take(request, response, { awaitsContinue: true }),
    );
  }

  /**
   * Starts to listen, and returns the URL without a trailing slash: `http://127.0.0.1:8080`.
   *
   * @throws ConfigurationError `ERR_DOCUMENT_ROOT` if the folder, `ERR_GATEWAY_LISTEN` if the port cannot be used
   */
  listen(): Promise<{ url: string }> {
    // oxlint-disable-next-line typescript/unbound-method -- it is searched for on the stack, not called
    return this.#listenFor(callerOf(this.listen));
  }

  async #listenFor(caller: Caller): Promise<{ url: string }> {
    try {
      return await this.#listen();
    } catch (error) {
      if (error instanceof TricornError) blame(error, caller);
      exitUnlessCaught(error, () => reportMistake(error, this.#options.log));
      throw error;
    }
  }

  async #listen(): Promise<{ url: string }> {
    const { root, host = "127.0.0.1", port = 8080, log } = this.#options;
    this.#dispatcher = new GatewayDispatcher({
      // Without an own logger, STDERR is not logged: the application has logged these lines itself.
      application: { client: this.#client, log: log ?? pino({ level: "silent" }), budgets: this.#budgets },
      root: await DocumentRoot.open(root),
      routes: this.#routes,
      mount: this.#mount,
      authorizerTimeout: this.#timeouts.authorizer,
    });
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: unknown): void => reject(listenError({ host, port }, cause));
      this.#server.once("error", failed);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", failed);
        resolve();
      });
    });
    return { url: urlOf(this.#server.address() as AddressInfo) };
  }

  /** Stops listening, waits for active requests up to `timeouts.close`, and closes its client. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#server.listening) {
      const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
      const timer = setTimeout(() => this.#server.closeAllConnections(), this.#timeouts.close);
      this.#server.closeIdleConnections();
      await closed;
      clearTimeout(timer);
    }
    if (!(this.#options.application instanceof FastCgiClient)) await this.#client.close();
  }

  #take(
    request: IncomingMessage,
    response: ServerResponse,
    { awaitsContinue }: { awaitsContinue: boolean },
  ): void {
    // A write to a closed connection; "close" follows.
    response.on("error", ignore);
    response.once("close", () => {
      // A kept connection would delay the close until it times out.
      if (this.#closing !== undefined) setImmediate(() => this.#server.closeIdleConnections());
    });
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
    const exchange = new HttpExchange({ request, response, path, awaitsContinue });
    this.#dispatcher!.dispatch(exchange).catch((error: unknown) => this.#failed(exchange, error));
  }

  #failed(exchange: HttpExchange, error: unknown): void {
    const { path, response, signal, method } = exchange;
    if (signal.aborted) {
      this.#log.debug({ method, path: path.path }, "client left");
      return;
    }
    this.#logFailure(error, { method, path: path.path });
    exchange.abandon(error);
    if (!response.headersSent) respondWithStatus(response, failureStatus(error));
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

/** An uncaught mistake is reported as by `serve`, and ends the process. */
function reportingMistakes<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    exitUnlessCaught(error, () => reportMistake(error));
    throw error;
  }
}

/** RFC 9112, section 3.2: a request with several Host fields, or a malformed one, is refused. */
function hasPlainHost({ rawHeaders, headers }: IncomingMessage, authority: string | undefined): boolean {
  const count = rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === "host").length;
  const named = authority ?? headers.host;
  return count <= 1 && (named === undefined || named === "" || parseAuthority(named) !== undefined);
}

function urlOf({ address, family, port }: AddressInfo): string {
  if (address === "0.0.0.0") return `http://127.0.0.1:${port}`;
  if (address === "::") return `http://[::1]:${port}`;
  return family === "IPv6" ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}

function ignore(): void {}
