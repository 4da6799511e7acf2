import { parseCookie, type Cookies } from "cookie";
import type { Logger } from "pino";

import { Role, roleName } from "../protocol/constants.js";
import type { Exchange } from "../protocol/exchange.js";
import type { Params } from "../protocol/params.js";
import { logFailure } from "./failure.js";
import type { HeadLimits } from "./head.js";
import type { HttpError } from "./http-error.js";
import { locate, type RequestLocation } from "./location.js";
import { RequestHeaders } from "./request-headers.js";
import { mirroredLog, type StderrLines } from "./stderr-lines.js";

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

  constructor(exchange: Exchange, context: RequestContext) {
    this.exchange = exchange;
    this.#context = context;
  }

  /** FCGI_PARAMS as they came: the CGI variables and HTTP headers. */
  get params(): Params {
    return this.exchange.params;
  }

  /** The HTTP method (RFC 3875, section 4.1.12); GET where the Web server tells none. */
  get method(): string {
    return this.params.get("REQUEST_METHOD") ?? "GET";
  }

  /** The request target in origin-form: raw path and query. */
  get target(): string {
    return this.#locate().target;
  }

  /** The path below the mount, percent-encoded as it came; starts with "/". */
  get path(): string {
    return this.#locate().path;
  }

  /** The prefix that the application is mounted at, such as "/app"; "" at the root. */
  get mount(): string {
    return this.#locate().mount;
  }

  /** The query as it came, without its question mark. */
  get queryString(): string {
    const given = this.params.get("QUERY_STRING");
    if (given !== undefined) return given;
    const { target } = this.#locate();
    const mark = target.indexOf("?");
    return mark < 0 ? "" : target.slice(mark + 1);
  }

  /** The query, decoded. */
  get query(): URLSearchParams {
    return (this.#query ??= new URLSearchParams(this.queryString));
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

  /** @internal How large the header block of its answer may be. */
  get headLimits(): HeadLimits {
    return this.#context.headLimits;
  }

  /** @internal Logs why the request could not be completed, and tells the Web server. */
  logFailure(error: unknown): void {
    const { exchange } = this;
    const { secrets, stderr } = this.#context;
    logFailure(error, { exchange, log: this.#logOfItsOwn, what: this.#what, secrets, stderr });
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
