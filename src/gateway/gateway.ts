import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { pino, type Logger } from "pino";

import { blame, blamingCaller, callerOf, type Caller } from "../diagnostics/caller.js";
import { ClientError, FastCgiClient } from "../client/index.js";
import { ConfigurationError, TricornError } from "../errors.js";
import type { AddressLike } from "../protocol/address.js";
import { hasKnownCoding, parseAuthority } from "./cgi-params.js";
import { Doors } from "./doors.js";
import { DocumentRoot } from "../files/document-root.js";
import { failureStatus } from "./failure.js";
import { HttpExchange } from "./http-exchange.js";
import { checkPort, listenError } from "./listen-error.js";
import { answerPlainly } from "./plain-answer.js";
import { logSafely } from "../log/log-safely.js";
import { defaultLog } from "../log/default-log.js";
import { LogBudgets } from "../log/log-budgets.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import { parseRequestPath } from "./request-path.js";
import { RouteTable } from "./route-table.js";
import type { GatewayRoutes } from "../paths/routes-of.js";
import { exitUnlessCaught, reportMistake } from "../diagnostics/start-failure.js";

/** How long a gateway waits, in milliseconds. The waits for answers are the client's to set. */
export interface GatewayTimeouts {
  /** For an authorizer's whole answer; 10 s where nothing else is said. Without one the client gets 504. */
  readonly authorizer: number;
  /** From {@link Gateway.close} until the connections that are still busy are broken; 10 s. */
  readonly close: number;
}

/** What a {@link Gateway} is made with. */
export interface GatewayOptions {
  /** Where the application listens, or a client that speaks with it; the gateway closes only a client of its own. */
  readonly application: AddressLike | FastCgiClient;
  /** The folder of the static files and of those that are filtered. */
  readonly root: string;
  /** What needs which role; see `routesOf`. */
  readonly routes: GatewayRoutes;
  /** The prefix below which the application lives, as SCRIPT_NAME: "/app". The root where nothing is said. */
  readonly mount?: string | undefined;
  /** The address to listen on; 127.0.0.1 where nothing is said. */
  readonly host?: string | undefined;
  /** The port to listen on, 0 for any that is free; 8080 where nothing is said. */
  readonly port?: number | undefined;
  readonly timeouts?: Partial<GatewayTimeouts> | undefined;
  /** Where nothing is said, what fails is told where the log of an application goes: see TRICORN_LOG. */
  readonly log?: Logger | undefined;
}

const defaultTimeouts: GatewayTimeouts = { authorizer: 10_000, close: 10_000 };

/**
 * The embedded Web server, for development and tests: HTTP in front, FastCGI over a real socket behind.
 *
 * Every request goes the same way: the path is read (one that could be understood in two ways is refused or
 * redirected), a protected path needs an authorizer's "allowed", and then comes the first that fits: the filter for a
 * file that a filter glob covers, the responder for a path that an entry of `respond` covers, the static file.
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
  #doors: Doors | undefined;
  #closing: Promise<void> | undefined;

  /** Throws ConfigurationError for an option, an address, a port, a route or a mount that cannot work. */
  constructor(options: GatewayOptions) {
    const { routes, mount, client } = starting(() => blamingCaller(Gateway, () => checkedOptions(options)));
    this.#options = options;
    this.#mount = mount;
    this.#routes = routes;
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts };
    this.#log = options.log ?? defaultLog([]).log;
    this.#client = client;
    this.#server = createServer();
    // Not in its documentation: a FIN does not end the connection while a request on it has no answer.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.on("request", (request, response) =>
      this.#take(request, response, { awaitsContinue: false }),
    );
    this.#server.on("checkContinue", (request, response) =>
      this.#take(request, response, { awaitsContinue: true }),
    );
  }

  /**
   * Starts to listen and tells where, without a slash at the end: `http://127.0.0.1:8080`.
   *
   * @throws ConfigurationError `ERR_DOCUMENT_ROOT` when the folder, `ERR_GATEWAY_LISTEN` when the port cannot be used
   */
  listen(): Promise<{ url: string }> {
    // oxlint-disable-next-line typescript/unbound-method -- it is looked for on the stack, not called
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
    this.#doors = new Doors({
      // Without a logger of its own the lines are left to the application, which has told them itself.
      asking: { client: this.#client, log: log ?? pino({ level: "silent" }), budgets: this.#budgets },
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

  /** Accepts nothing more, finishes what is being answered, within bounds, and then closes its client. */
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
    // Writing to a client that has gone; what follows from it is told by "close".
    response.on("error", ignore);
    response.once("close", () => {
      // A kept connection would hold up the close until it times out.
      if (this.#closing !== undefined) setImmediate(() => this.#server.closeIdleConnections());
    });
    const path = parseRequestPath(request.url ?? "");
    if (
      path.kind === "refused" ||
      !hasPlainHost(request, path.kind === "path" ? path.authority : undefined)
    ) {
      this.#log.debug(
        { reason: path.kind === "refused" ? path.fact : "the Host is none" },
        "request refused",
      );
      answerPlainly(response, 400);
      return;
    }
    if (!hasKnownCoding(request)) {
      answerPlainly(response, 501);
      return;
    }
    if (path.kind === "roundabout") {
      answerPlainly(response, 308, { headers: { Location: path.location } });
      return;
    }
    const exchange = new HttpExchange({ request, response, path, awaitsContinue });
    this.#doors!.enter(exchange).catch((error: unknown) => this.#failed(exchange, error));
  }

  #failed(exchange: HttpExchange, error: unknown): void {
    const { path, response, signal, method } = exchange;
    if (signal.aborted) {
      this.#log.debug({ method, path: path.path }, "client left");
      return;
    }
    this.#logFailure(error, { method, path: path.path });
    exchange.abandon(error);
    if (!response.headersSent) answerPlainly(response, failureStatus(error));
  }

  #logFailure(error: unknown, request: { readonly method: string; readonly path: string }): void {
    // Before the application has started, or after it has ended, each request fails like that.
    const isThere = !(error instanceof ClientError && error.code === "ERR_CLIENT_CONNECT");
    const message = isThere ? "request failed" : "application is not there";
    const more = this.#budgets.admit(message);
    if (more === undefined) return;
    // Where it was found says nothing of a fault of the other end.
    const isRemote = error instanceof TricornError && error.fault === "remote";
    const facts = isRemote ? { code: error.code, fact: error.message } : { err: error };
    logSafely(() => this.#log[isThere ? "error" : "warn"]({ ...facts, ...request, ...more }, message));
  }
}

/** What is made of the options once. */
interface Checked {
  readonly routes: RouteTable;
  /** Without a slash at its end. */
  readonly mount: string;
  readonly client: FastCgiClient;
}

function checkedOptions(options: GatewayOptions): Checked {
  refuseUnknownOptions("Gateway", options);
  const { application, root, port, mount = "", routes } = options;
  if (typeof root !== "string" || root === "") {
    throw new ConfigurationError(
      "ERR_DOCUMENT_ROOT",
      'Cannot make gateway: root is missing; name the folder of the static files: root: "public"',
    );
  }
  if (port !== undefined) checkPort(port);
  const prefix = mount.replace(/\/$/, "");
  if (prefix !== "" && !prefix.startsWith("/")) {
    throw new ConfigurationError(
      "ERR_GATEWAY_MOUNT",
      `Cannot mount at "${mount}": it does not start with "/"`,
    );
  }
  const client = application instanceof FastCgiClient ? application : clientFor(application);
  return { routes: new RouteTable(routes), mount: prefix, client };
}

function clientFor(application: AddressLike): FastCgiClient {
  if (application === undefined) {
    throw new ConfigurationError(
      "ERR_ADDRESS",
      "Cannot make gateway: application is missing; name where it listens: application: address",
    );
  }
  return new FastCgiClient({ address: application });
}

/** A mistake that nobody catches is told as `serve` tells it, and ends the process. */
function starting<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    exitUnlessCaught(error, () => reportMistake(error));
    throw error;
  }
}

/** RFC 9112 section 3.2: a request with two hosts, or one that is none, is refused. */
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
