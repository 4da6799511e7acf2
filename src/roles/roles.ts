import type { Logger } from "pino";

import { ConfigurationError } from "../errors.js";
import { logSafely } from "../log/log-safely.js";
import type { Refusal, RoleInputs } from "../protocol/application-side/application.js";
import { Role, roleName } from "../protocol/constants.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import { AuthorizerRole } from "./authorizer.js";
import type { Definition, RoleDefinition } from "./definitions.js";
import { problemReply, refusalError } from "./error-reply.js";
import { logFailure } from "./failure.js";
import { FilterRole } from "./filter.js";
import { defaultHeadLimits, type HeadLimits } from "../http/head.js";
import type { Middleware } from "./middleware.js";
import { LogBudgets } from "../log/log-budgets.js";
import { plainPath } from "../paths/plain-path.js";
import { ResponderRole } from "./responder.js";
import type { RequestContext } from "./request-context.js";
import { sendReply } from "./send-reply.js";
import { checkStderrLines, mirroredLog, type StderrLines } from "../log/stderr-lines.js";

/** How long handlers may take until their answer begins, in milliseconds; Infinity for no limit. */
export interface HandlerTimeouts {
  /** Responders, filters and further roles; 50 seconds by default, because Web servers wait 60. */
  readonly handler?: number | undefined;
  /** Authorizers; 10 seconds by default. Then the request is denied. */
  readonly authorizer?: number | undefined;
}

/** What roles need besides the definitions. */
export interface RolesOptions {
  readonly log: Logger;
  /**
   * The path that the application is mounted at, "/app" or "/" for the root; no route is found outside of it. By default
   * PATH_INFO decides, if the Web server sends it. Authorizers do not get PATH_INFO (section 6.3): responders refuse what
   * authorizers decide about below an undeclared mount.
   */
  readonly mount?: string | undefined;
  /** Runs around every responder and filter. */
  readonly middleware?: readonly Middleware[] | undefined;
  readonly timeouts?: HandlerTimeouts | undefined;
  /** How large the header block of an answer may be. */
  readonly limits?: Partial<HeadLimits> | undefined;
  /**
   * The params that hold secrets beside Authorization, Cookie and REMOTE_PASSWD, such as `HTTP_X_API_KEY`; header fields and
   * members of the query may be named too. Their values are taken out of what is logged about failures.
   */
  readonly secrets?: readonly string[] | undefined;
  /** What the Web server gets on FCGI_STDERR; `failures` by default. */
  readonly stderr?: StderrLines | undefined;
}

/** What plays one role. */
export interface PlayedRole {
  readonly inputs: RoleInputs;
  handle(exchange: Exchange): void;
}

/** The roles that an application plays, compiled from its definitions and shared by all its listeners. */
export class Roles {
  readonly #played = new Map<number, PlayedRole>();
  /** What all requests share. */
  readonly context: RequestContext;
  /** Plays the authorizer role, also for requests that came in another one. */
  readonly authorizer: AuthorizerRole;
  /** Plays the responder role; undefined without responders. */
  readonly responder: ResponderRole | undefined;
  /** Plays the filter role, also for requests that came in another one; undefined without filters. */
  readonly filter: FilterRole | undefined;
  /** In milliseconds. */
  readonly timeouts: { readonly [K in keyof HandlerTimeouts]-?: number };

  constructor(definitions: readonly Definition[], options: RolesOptions) {
    const { log, middleware = [], timeouts = {}, secrets = [], limits } = options;
    const stderr = checkStderrLines(options.stderr ?? "failures");
    const headLimits = { ...defaultHeadLimits, ...limits };
    this.timeouts = { handler: timeouts.handler ?? 50_000, authorizer: timeouts.authorizer ?? 10_000 };

    const responders = definitions.filter((definition) => definition.kind === "responder");
    const filters = definitions.filter((definition) => definition.kind === "filter");
    const authorizers = definitions.filter((definition) => definition.kind === "authorizer");
    const mount = normalizeMount(options.mount ?? "");
    const context: RequestContext = {
      log,
      mount,
      secrets,
      headLimits,
      stderr,
      budgets: new LogBudgets(),
    };
    this.context = context;
    // Always present: without an authorizer every question is denied, and never answered by UNKNOWN_ROLE, which lighttpd
    // takes for "allowed".
    this.authorizer = new AuthorizerRole(authorizers, context);
    this.#played.set(Role.Authorizer, this.authorizer);
    if (responders.length > 0) {
      this.responder = new ResponderRole(responders, context, middleware);
      this.#played.set(Role.Responder, this.responder);
    }
    if (filters.length > 0) {
      this.filter = new FilterRole(filters, context, middleware);
      this.#played.set(Role.Filter, this.filter);
    }
    for (const definition of definitions) if (definition.kind === "role") this.#addRole(definition);
  }

  /** What plays a role; undefined if nothing does. */
  get(role: number): PlayedRole | undefined {
    return this.#played.get(role);
  }

  /**
   * Ends an exchange at once with an answer that fits its role: a denial for an authorizer, an error status for a
   * responder or a filter, a visible break if the answer has begun. Each refusal ends here, whether the protocol, a limit or
   * a door found the fault.
   */
  refuse(exchange: Exchange, refusal: Refusal): void {
    this.#logRefusal(exchange, refusal);
    exchange.observer?.refused(refusal.code);
    const { protocolStatus } = refusal;
    if (exchange.role === Role.Authorizer) {
      this.authorizer.refuse(exchange, refusal);
    } else if (exchange.started) {
      exchange.breakOff();
    } else if (exchange.role === Role.Responder || exchange.role === Role.Filter) {
      // Some servers ignore the protocol status and take an empty answer for a 200, so the answer has a status of its own.
      void sendReply(exchange, problemReply(refusalError(refusal)), { protocolStatus });
    } else if (protocolStatus === undefined) {
      exchange.end({ applicationStatus: 1 });
    } else {
      // A peer of another role than the three reads the protocol status.
      exchange.reject(protocolStatus);
    }
  }

  #logRefusal(exchange: Exchange, { code, status, reason }: Refusal): void {
    const { id: requestId, role } = exchange;
    const more = this.context.budgets.admit(code);
    if (more === undefined) return;
    const facts = { role: roleName(role), requestId, code, status, ...more };
    logSafely(() => this.context.log.warn(facts, `Refused request: ${reason}`));
    if (this.context.stderr === "warnings") exchange.warn(`tricorn: refused request: ${reason}`);
  }

  #addRole({ number, name, inputs, handle }: RoleDefinition): void {
    if (!Number.isInteger(number) || number <= Role.Filter || number > 0xffff) {
      throw new ConfigurationError(
        "ERR_ROLE_NUMBER",
        `Cannot register role ${name}: its number is ${number}; it must be an integer from 4 to 65535`,
      );
    }
    if (this.#played.has(number)) {
      throw new ConfigurationError(
        "ERR_ROLE_NUMBER",
        `Cannot register role ${name}: ${number} is already taken`,
      );
    }
    const log = this.context.log.child({ role: name });
    const { secrets, stderr, budgets } = this.context;
    const failed = (exchange: Exchange, error: unknown): void => {
      // A handler mostly fails because it was aborted.
      if (exchange.aborted === undefined)
        logFailure(error, { exchange, log, what: name, secrets, stderr, budgets });
      exchange.end({ applicationStatus: 1 });
    };
    const logFor = (exchange: Exchange): Logger =>
      stderr === "warnings" ? mirroredLog(log, { exchange, secrets, what: () => name }) : log;
    this.#played.set(number, {
      inputs,
      handle: (exchange) => {
        try {
          const handled = handle(exchange, { log: logFor(exchange) });
          if (handled === undefined) return;
          exchange.observer?.waits(handled);
          handled.then(undefined, (error: unknown) => failed(exchange, error));
        } catch (error) {
          failed(exchange, error);
        }
      },
    });
  }
}

function normalizeMount(mount: string): string {
  if (mount === "" || mount === "/") return mount;
  const plain = mount.startsWith("/") && !mount.includes("?") ? plainPath(mount) : undefined;
  if (plain === undefined) {
    throw new ConfigurationError(
      "ERR_MOUNT",
      `Cannot mount application: ${JSON.stringify(mount)} is not a path that starts with "/"`,
    );
  }
  // It is used in links: characters that a URI cannot have are encoded, encoded ones stay.
  const encoded = encodeURI(plain).replaceAll("%25", "%");
  return encoded.endsWith("/") && encoded !== "/" ? encoded.slice(0, -1) : encoded;
}
