import { parseCookie, type Cookies } from "cookie";
import type { Logger } from "pino";

import type { AbortedError } from "../errors.js";
import { Role, roleName } from "../protocol/constants.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import type { Params } from "../protocol/params.js";
import { parseUrlEncoded, queryOf } from "../http/query.js";
import type { LogBudgets } from "../log/log-budgets.js";
import { logSafely } from "../log/log-safely.js";
import { logFailure, noteGivenUp } from "./failure.js";
import type { HeadLimits } from "../http/head.js";
import type { HttpError } from "../http/http-error.js";
import { locate, type RequestLocation } from "../paths/location.js";
import { hostOf, schemeOf, type Scheme } from "../http/origin.js";
import { remoteAddressOf } from "../http/remote-address.js";
import { RequestHeaders } from "../http/request-headers.js";
import { mirroredLog, type StderrLines } from "../log/stderr-lines.js";
import { visibleTarget } from "../paths/request-target.js";

/** What all requests of an application share. */
export interface RequestContext {
  readonly log: Logger;
  /** The declared mount: "/app", "/" for the root whatever PATH_INFO says, "" for none. */
  readonly mount: string;
  /** The params beside Authorization, Cookie and the password that hold secrets. */
  readonly secrets: readonly string[];
  readonly headLimits: HeadLimits;
  /** What the Web server is told of requests. */
  readonly stderr: StderrLines;
  /** Keep peers from filling the log. */
  readonly budgets: LogBudgets;
}

/** What goes with a line of the log. */
interface TellFacts {
  readonly level?: "warn" | "error";
  /** What the line shares its budget with. */
  readonly kind: string;
  readonly code?: string;
  readonly err?: unknown;
}

/**
 * What the requests of all roles have in common. Everything is read from the params when it is asked for, so a handler
 * pays for nothing else.
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
  /** What was chosen to handle the request, for logs: `GET /books/:id`. */
  route: string | undefined;

  /** The location is given where the params do not tell it any more. */
  constructor(exchange: Exchange, context: RequestContext, known?: { readonly location: RequestLocation }) {
    this.exchange = exchange;
    this.#context = context;
    this.#location = known?.location;
  }

  /** FCGI_PARAMS as they came: the CGI variables and HTTP headers. */
  get params(): Params {
    return this.exchange.params;
  }

  /** The HTTP method (RFC 3875, section 4.1.12); GET where the Web server tells none. */
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

  /** How the client speaks to the Web server, as that tells: "http" or "https". */
  get scheme(): Scheme {
    return schemeOf(this.params);
  }

  /**
   * The host that the client asked for, in lower case, with its port if it named one: `www.example.org:8080`. It is the
   * client's word, checked only to be the name or address of a host; undefined where there is none.
   */
  get host(): string | undefined {
    return hostOf(this.params);
  }

  /** What the client asked for as a URL; undefined where no host is known. Its host is the client's word. */
  get url(): URL | undefined {
    const { scheme, host, target } = this;
    const url = `${scheme}://${host}${visibleTarget(target)}`;
    return host !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  }

  /** The IP address that the Web server was asked from: the client's, or that of a proxy in front; undefined if untold. */
  get remoteAddress(): string | undefined {
    return remoteAddressOf(this.params);
  }

  /** The header fields. */
  get headers(): RequestHeaders {
    return (this.#headers ??= new RequestHeaders(this.params));
  }

  /** The cookies by name. */
  get cookies(): Readonly<Cookies> {
    return (this.#cookies ??= parseCookie(this.headers.get("cookie") ?? ""));
  }

  /**
   * Who has been authenticated: the first of the variables that this listener's Web server vouches for (`vouchesFor` of
   * `serve`) that is there and not empty. Undefined where it vouches for none: REMOTE_USER alone is no proof.
   */
  get user(): string | undefined {
    for (const name of this.exchange.vouchesFor) {
      const value = this.params.get(name);
      if (value !== undefined && value !== "") return value;
    }
    return undefined;
  }

  /**
   * Aborted when the request ends early: the Web server aborts it or goes away, a time limit strikes, or the server
   * shuts down. The reason is an {@link AbortedError}.
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
   * A logger that tells role, request id and route with each line. Where the application's `stderr` is `warnings`, the
   * Web server is told of the lines from `warn` on too.
   */
  get log(): Logger {
    return (this.#log ??= this.#openLog());
  }

  /** @internal Whether the path is one of the application's, or one that nothing may be decided by. */
  get locationKind(): RequestLocation["kind"] {
    return this.#locate().kind;
  }

  /** @internal How large the header block of its answer may be. */
  get headLimits(): HeadLimits {
    return this.#context.headLimits;
  }

  /**
   * @internal Why nobody was likely to want the answer any more, where the request has ended early or the handler was told
   * of it by its signal: it then fails for that reason, and that is no fault of it.
   */
  get gaveUp(): AbortedError | undefined {
    const { aborted } = this.exchange;
    return aborted ?? (this.#signal?.aborted === true ? (this.#signal.reason as AbortedError) : undefined);
  }

  /**
   * @internal Logs why the request could not be completed, and tells the Web server. What a handler fails with that
   * {@link gaveUp} is told to a log that shows everything, and to nobody else.
   */
  logFailure(error: unknown): void {
    const { exchange } = this;
    const { secrets, stderr, budgets } = this.#context;
    const reason = this.gaveUp;
    const facts = { exchange, log: this.#logOfItsOwn, what: this.#what, secrets, stderr, budgets };
    if (reason === undefined) logFailure(error, facts);
    else noteGivenUp(error, { ...facts, reason });
  }

  /** @internal Logs what a peer can cause as often as it likes, within the budget of its kind. */
  tell(message: string, { level = "warn", kind, ...facts }: TellFacts): void {
    const more = this.#context.budgets.admit(kind);
    if (more !== undefined) logSafely(() => this.log[level]({ ...facts, ...more }, message));
  }

  /**
   * @internal Logs an error that the client is told of: one of the server with its cause, and the cause of one of the
   * client for whoever looks for it.
   */
  noteHttpError(error: HttpError): void {
    if (error.status >= 500) this.logFailure(error);
    else if (error.cause !== undefined)
      this.#logOfItsOwn.debug({ status: error.status, code: error.code }, "Refused a request");
  }

  /** What a log may show of a request: neither its query nor its fields, which may hold secrets. */
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
    if (stderr !== "warnings") return this.#logOfItsOwn;
    return mirroredLog(this.#logOfItsOwn, { exchange, secrets, what: () => this.#what });
  }

  /** Without the Web server, who is told of failures in another way. */
  get #logOfItsOwn(): Logger {
    return (this.#ownLog ??= this.#context.log.child({
      role: roleName(this.exchange.role),
      requestId: this.exchange.id,
      route: this.route,
    }));
  }

  #locate(): RequestLocation {
    return (this.#location ??= locate(this.params, {
      mount: this.#context.mount,
      // Section 6.3 leaves it out for authorizers: the client chooses where it begins.
      pathInfo: this.exchange.role === Role.Authorizer ? undefined : this.params.get("PATH_INFO"),
    }));
  }
}
