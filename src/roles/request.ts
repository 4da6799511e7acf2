import { createRequire } from "node:module";
import type { Cookies, parseCookie } from "cookie";
import type { Logger } from "pino";

import type { AbortedError } from "../errors.js";
import { Role, roleName } from "../protocol/constants.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import type { Params } from "../protocol/params.js";
import { parseUrlEncoded, queryOf } from "../http/query.js";
import type { RequestContext } from "./request-context.js";
import { logSafely } from "../log/log-safely.js";
import { logFailure, noteAborted } from "./failure.js";
import type { HeadLimits } from "../http/head.js";
import type { HttpError } from "../http/http-error.js";
import { locate, type RequestLocation } from "../paths/location.js";
import { parseTraceparent, type TraceContext } from "../http/trace-context.js";
import { hostOf, schemeOf, type Scheme } from "../http/origin.js";
import { remoteAddressOf } from "../http/remote-address.js";
import { RequestHeaders } from "../http/request-headers.js";
import { mirroredLog } from "../log/stderr-lines.js";
import { visibleTarget } from "../paths/request-target.js";

const require = createRequire(import.meta.url);

let parser: typeof parseCookie | undefined;

/** Loads the library for the first request whose cookies are read. */
function cookieParser(): typeof parseCookie {
  return (parser ??= (require("cookie") as { readonly parseCookie: typeof parseCookie }).parseCookie);
}

/** The code of the limits that handlers set for bodies. */
const BODY_TOO_LARGE = "ERR_BODY_TOO_LARGE";

/** The facts of a line of the log. */
interface LineFacts {
  readonly level?: "warn" | "error";
  /** The kind of event whose budget the line is counted against. */
  readonly kind: string;
  readonly code?: string;
  readonly err?: unknown;
}

/**
 * What the requests of all roles have in common. Each property is read from the params on first access, so a handler pays
 * for nothing else.
 */
export abstract class RoleRequest {
  readonly #context: RequestContext;
  #location: RequestLocation | undefined;
  #headers: RequestHeaders | undefined;
  #query: URLSearchParams | undefined;
  #cookies: Cookies | undefined;
  #signal: AbortSignal | undefined;
  #ownLog: Logger | undefined;
  #log: Logger | undefined;
  /** The request on the level of the protocol: its id, role and streams. */
  readonly exchange: Exchange;
  #route: string | undefined;

  /** The location must be given if the params no longer describe it. */
  constructor(exchange: Exchange, context: RequestContext, known?: { readonly location: RequestLocation }) {
    this.exchange = exchange;
    this.#context = context;
    this.#location = known?.location;
  }

  /** What handles the request, for logs: `GET /books/:id`. */
  get route(): string | undefined {
    return this.#route;
  }

  set route(route: string | undefined) {
    this.#route = route;
    const { observer } = this.exchange;
    if (observer !== undefined) observer.route = route;
  }

  /** FCGI_PARAMS as received: the CGI variables and HTTP headers. */
  get params(): Params {
    return this.exchange.params;
  }

  /** The HTTP method (RFC 3875, section 4.1.12); GET if the Web server sends none. */
  get method(): string {
    return this.params.method;
  }

  /** The request target in origin-form: path and query, without empty and dot segments. */
  get target(): string {
    return this.#locate().target;
  }

  /**
   * The path below the mount; starts with "/". It is percent-encoded as the client wrote it, but without empty and dot
   * segments, encoded or not, which Web servers resolve before they protect anything.
   */
  get path(): string {
    return this.#locate().path;
  }

  /** The prefix that the application is mounted at, such as "/app"; "" at the root. */
  get mount(): string {
    return this.#locate().mount;
  }

  /** The query without its question mark: as the client wrote it, or as the Web server has rewritten it. */
  get queryString(): string {
    return queryOf(this.params, this.#locate().query);
  }

  /** The query, decoded. */
  get query(): URLSearchParams {
    return (this.#query ??= parseUrlEncoded(this.queryString));
  }

  /** How the client connects to the Web server, as that reports it: "http" or "https". */
  get scheme(): Scheme {
    return schemeOf(this.params);
  }

  /** Whether the client connects by TLS, as the Web server reports it: {@link scheme} is "https". */
  get secure(): boolean {
    return this.scheme === "https";
  }

  /**
   * The host that the client asked for, in lower case, with its port if it named one: `www.example.org:8080`. The client
   * chooses it; only its syntax is checked. Undefined if absent.
   */
  get host(): string | undefined {
    return hostOf(this.params);
  }

  /** The URL that the client asked for; undefined if no host is known. The client chooses the host. */
  get url(): URL | undefined {
    const { scheme, host, target } = this;
    const url = `${scheme}://${host}${visibleTarget(target)}`;
    return host !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  }

  /** The IP address of the Web server's peer: the client's, or that of a proxy in front; undefined if unknown. */
  get remoteAddress(): string | undefined {
    return remoteAddressOf(this.params);
  }

  /**
   * The number of the connection to the Web server that the request came on. No other connection of this process has it;
   * requests that share a connection share it.
   */
  get connectionId(): number {
    return this.exchange.connectionId;
  }

  /** The header fields. */
  get headers(): RequestHeaders {
    return (this.#headers ??= new RequestHeaders(this.params));
  }

  /** The cookies by name. */
  get cookies(): Readonly<Cookies> {
    return (this.#cookies ??= cookieParser()(this.headers.get("cookie") ?? ""));
  }

  /**
   * The authenticated user: the first non-empty variable that this listener's Web server vouches for (`vouchesFor` of
   * `serve`). Undefined if it vouches for none: REMOTE_USER alone proves nothing.
   */
  get user(): string | undefined {
    for (const name of this.exchange.vouchesFor) {
      const value = this.params.get(name);
      if (value !== undefined && value !== "") return value;
    }
    return undefined;
  }

  /** The trace that the request belongs to (W3C Trace Context); undefined without a valid `traceparent`. Clients can send one. */
  get trace(): TraceContext | undefined {
    return parseTraceparent(this.params.get("HTTP_TRACEPARENT"));
  }

  /**
   * Aborted when the request ends early: the Web server aborts it or disconnects, a time limit passes, or the server shuts
   * down. The reason is an {@link AbortedError}.
   */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      this.exchange.onWarning((reason) => controller.abort(reason));
    }
    return this.#signal;
  }

  /**
   * A logger that adds role, request id, route and, if there is one, the trace id to each line. If the application's `stderr` is `warnings`, the Web server
   * gets lines from level `warn` on too.
   */
  get log(): Logger {
    return (this.#log ??= this.#openLog());
  }

  /** @internal Whether the path is below the mount, outside of it, or unclear, so that nothing may be decided by it. */
  get locationKind(): RequestLocation["kind"] {
    return this.#locate().kind;
  }

  /** @internal How large the header block of its answer may be. */
  get headLimits(): HeadLimits {
    return this.#context.headLimits;
  }

  /** @internal Why the request ended early, or why its signal was aborted; a handler that then fails is not at fault. */
  get abortReason(): AbortedError | undefined {
    const { aborted } = this.exchange;
    return aborted ?? (this.#signal?.aborted === true ? (this.#signal.reason as AbortedError) : undefined);
  }

  /**
   * @internal Logs why the request could not be completed, and reports it to the Web server. A failure after {@link abortReason}
   *   is logged at level debug only.
   */
  logFailure(error: unknown): void {
    const { exchange } = this;
    const { secrets, stderr, budgets } = this.#context;
    const reason = this.abortReason;
    const facts = { exchange, log: this.#unmirroredLog, what: this.#what, secrets, stderr, budgets };
    if (reason === undefined) logFailure(error, facts);
    else noteAborted(error, { ...facts, reason });
  }

  /** @internal Logs an event that a peer can cause at will, within the budget of its kind. */
  logLimited(message: string, { level = "warn", kind, ...facts }: LineFacts): void {
    const more = this.#context.budgets.admit(kind);
    if (more !== undefined) logSafely(() => this.log[level]({ ...facts, ...more }, message));
  }

  /**
   * @internal Logs an HttpError that becomes an answer: a server error with its cause, and the cause of a client error at
   *   level debug. A body above the limit of its handler is a refusal, like one above that of all connections.
   */
  noteHttpError(error: HttpError): void {
    if (error.code === BODY_TOO_LARGE) this.exchange.observer?.refused(BODY_TOO_LARGE);
    if (error.status >= 500) this.logFailure(error);
    else if (error.cause !== undefined)
      this.#unmirroredLog.debug({ status: error.status, code: error.code }, "Refused a request");
  }

  /** What a log may show of a request: neither its query nor its header fields, which may hold secrets. */
  toJSON(): Record<string, unknown> {
    const { exchange, method, path, route } = this;
    return { role: roleName(exchange.role), requestId: exchange.id, method, path, route };
  }

  /** The same for `console.log` and `util.inspect`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `${this.constructor.name} ${this.method} ${this.path}`;
  }

  get #what(): string {
    return this.route ?? this.method;
  }

  #openLog(): Logger {
    const { exchange } = this;
    const { secrets, stderr } = this.#context;
    if (stderr !== "warnings") return this.#unmirroredLog;
    return mirroredLog(this.#unmirroredLog, { exchange, secrets, what: () => this.#what });
  }

  /** Without the mirror on FCGI_STDERR: failures have a line of their own there. */
  get #unmirroredLog(): Logger {
    return (this.#ownLog ??= this.#context.log.child({
      role: roleName(this.exchange.role),
      requestId: this.exchange.id,
      id: this.exchange.observer?.id,
      traceId: this.trace?.traceId,
      route: this.route,
    }));
  }

  #locate(): RequestLocation {
    return (this.#location ??= locate(this.params, {
      mount: this.#context.mount,
      // Section 6.3 omits it for authorizers: the client chooses where it begins.
      pathInfo: this.exchange.role === Role.Authorizer ? undefined : this.params.get("PATH_INFO"),
    }));
  }
}
