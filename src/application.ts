import type { Logger } from "pino";

import { blamingCaller } from "./diagnostics/caller.js";
import { className, isWrittenAsClass, type Class } from "./decorators/class.js";
import { compileControllers, outlineControllers, type Injections } from "./decorators/compile.js";
import type { Container } from "./decorators/container.js";
import type { LifecycleHooks } from "./decorators/lifecycle.js";
import { mistakeOf } from "./decorators/mistake.js";
import { ConfigurationError } from "./errors.js";
import { defaultLog } from "./log/default-log.js";
import type { Definition } from "./roles/definitions.js";
import { refuseUnknownOptions } from "./diagnostics/options.js";
import { Roles, type HandlerTimeouts } from "./roles/roles.js";
import type { HeadLimits } from "./http/head.js";
import type { Middleware } from "./roles/middleware.js";
import type { StderrLines } from "./log/stderr-lines.js";

/** A class with one of the decorators `@Responder`, `@Authorizer` and `@Filter`. */
export type ControllerClass = Class;

/**
 * An entry in the list that an application is made of: a class, or a definition without decorators, such as an adapter from
 * `tricorn/adapters`.
 */
export type ApplicationPart = ControllerClass | Definition;

/** Options of {@link createApplication}. */
export interface ApplicationOptions {
  readonly controllers: readonly ControllerClass[];
  /** Definitions without decorators: responders, authorizers, filters and further roles. */
  readonly definitions?: readonly Definition[] | undefined;
  /** Wraps every responder and filter, the first outermost; it also runs if no route matches. */
  readonly middleware?: readonly Middleware[] | undefined;
  /**
   * The logger. The default logger has the level TRICORN_LOG_LEVEL or `info` and removes credentials. It writes to
   * TRICORN_LOG, else to descriptor 2, or to descriptor 1 if 2 is /dev/null and no peer reads 1.
   */
  readonly log?: Logger | undefined;
  /**
   * What is sent to the Web server's error log by FCGI_STDERR: `failures`, one line each; also all `warnings` and errors that
   * handlers log by `request.log`; or nothing, `off`. Defaults to `failures`, or to `warnings` if `log` is not set either
   * and the default logger's lines would not be visible.
   */
  readonly stderr?: StderrLines | undefined;
  /**
   * The container that resolves dependencies; defaults to tsyringe's global container. An application with its own container
   * also has its own singletons, kept in that container.
   */
  readonly container?: Container | undefined;
  /**
   * The path that the application is mounted at, such as "/app", or "/" for the root; for Web servers that report none or a
   * wrong one. Apache with SetHandler reports the first segment of a path.
   */
  readonly mount?: string | undefined;
  /** The time until an answer begins, in milliseconds. */
  readonly timeouts?: HandlerTimeouts | undefined;
  /** The maximum size of an answer's header block. A larger one than the default requires a Web server that accepts it. */
  readonly limits?: Partial<HeadLimits> | undefined;
  /**
   * The names of params, header fields and query members that hold secrets besides Authorization, Cookie and REMOTE_PASSWD,
   * such as `HTTP_X_API_KEY`. Their values are removed from log lines about failures.
   */
  readonly secrets?: readonly string[] | undefined;
}

/** What an application answers, as plain data for Web server configurations. */
export interface ApplicationDescription {
  readonly responders: readonly {
    readonly name: string;
    /** `streams`: whether answers are sent as they are produced. */
    readonly routes: readonly { readonly method: string; readonly path: string; readonly streams: boolean }[];
  }[];
  readonly authorizers: readonly {
    readonly name: string;
    /** Empty if it decides about all paths. */
    readonly paths: readonly string[];
    /** The names that it may pass on; absent if it does not declare them. */
    readonly variables?: readonly string[];
  }[];
  readonly filters: readonly {
    readonly name: string;
    readonly paths: readonly string[];
    readonly type: string | undefined;
  }[];
  readonly roles: readonly { readonly name: string; readonly number: number }[];
}

/** @internal What a test changes of an application. */
export type ApplicationChanges = Pick<ApplicationOptions, "container" | "log">;

/** A compiled application, for any number of listeners. Created by {@link createApplication}. */
export class TricornApplication {
  /** @internal The roles that it plays, shared by all its listeners. */
  readonly roles: Roles;
  readonly #options: ApplicationOptions;
  readonly #hooks: LifecycleHooks;
  /** The parent of the requests' loggers. */
  readonly log: Logger;
  /** @internal The logger from its options, if any. */
  readonly ownLog: Logger | undefined;
  /** What it answers. */
  readonly description: ApplicationDescription;
  /** @internal What a container injects; undefined without a container. */
  readonly injections: Injections | undefined;
  /** @internal Whether it has nothing that could answer a request. */
  readonly isEmpty: boolean;

  /** @internal Use {@link createApplication}. */
  constructor(options: ApplicationOptions) {
    const { middleware, mount, timeouts, limits, secrets = [] } = options;
    const { log, isVisible } =
      options.log === undefined ? defaultLog(secrets) : { log: options.log, isVisible: true };
    const stderr = options.stderr ?? (isVisible ? "failures" : "warnings");
    const { definitions, hooks, injections } = compileControllers(options.controllers, options);
    this.#options = options;
    this.injections = injections;
    this.roles = new Roles(definitions, {
      log,
      middleware,
      mount,
      timeouts,
      limits,
      secrets,
      stderr,
    });
    this.#hooks = hooks;
    this.log = log;
    this.ownLog = options.log;
    this.description = describeDefinitions(definitions);
    this.isEmpty = definitions.length === 0 && (middleware ?? []).length === 0;
  }

  /** @internal Compiles the application again, with other options: tests replace its container and its log. */
  with(changes: ApplicationChanges): TricornApplication {
    return new TricornApplication({ ...this.#options, ...changes });
  }

  /** @internal Its container; undefined for the global one. */
  get container(): Container | undefined {
    return this.#options.container;
  }

  /** @internal The names of its secrets. */
  get secrets(): readonly string[] {
    return this.#options.secrets ?? [];
  }

  /**
   * Calls onStart of controllers and singletons, dependencies first. Does nothing if already started.
   *
   * @throws TricornError `ERR_START` if one fails; those that had started have been stopped again
   */
  start(): Promise<void> {
    return this.#hooks.start();
  }

  /**
   * Calls onStop of everything that started, in reverse order. Does nothing if not started.
   *
   * @throws TricornError `ERR_STOP` if one failed; the others have been called nevertheless
   */
  stop(): Promise<void> {
    return this.#hooks.stop();
  }
}

/**
 * Creates an application from options, or from a list of controllers and definitions. Everything that can be checked before
 * the first request is checked here.
 *
 * @throws ConfigurationError that names class, member, fact and cure; docs/errors.md explains each code
 */
export function createApplication(
  options: ApplicationOptions | readonly ApplicationPart[],
): TricornApplication {
  return blamingCaller(createApplication, () => compileApplication(options));
}

/** @internal {@link createApplication}, for other public functions, which set the error's place themselves. */
export function compileApplication(
  options: ApplicationOptions | readonly ApplicationPart[],
  changes: ApplicationChanges = {},
): TricornApplication {
  return new TricornApplication({ ...toOptions(options), ...changes });
}

/**
 * @throws ConfigurationError `ERR_CONTROLLER` for a value that is neither a list nor options, `ERR_OPTION`
 */
function toOptions(given: ApplicationOptions | readonly ApplicationPart[]): ApplicationOptions {
  if (isPartList(given)) return splitParts(given);
  if (!isApplicationOptions(given)) throw notAList(given);
  refuseUnknownOptions("createApplication", given);
  return given;
}

function isApplicationOptions(given: unknown): given is ApplicationOptions {
  return typeof given === "object" && given !== null && Array.isArray(Reflect.get(given, "controllers"));
}

function notAList(given: unknown): ConfigurationError {
  const cannot = "Cannot create application";
  if (
    given === undefined ||
    (typeof given === "object" &&
      !(given !== null && typeof Reflect.get(given, "fetch") === "function") &&
      given !== null &&
      !(Symbol.toStringTag in given) &&
      Object.getPrototypeOf(given) === Object.prototype)
  ) {
    return new ConfigurationError(
      "ERR_CONTROLLER",
      `${cannot}: there are no controllers; list them: [Hello]`,
    );
  }
  if (isWrittenAsClass(given)) {
    const name = className(given);
    return new ConfigurationError(
      "ERR_CONTROLLER",
      `${cannot}: ${name} is not a list of controllers; write [${name}]`,
    );
  }
  const { fact, cure } = mistakeOf(given);
  return new ConfigurationError("ERR_CONTROLLER", `${cannot}: ${fact} is not a list of controllers; ${cure}`);
}

/**
 * Describes what an application of these controllers would answer. They are checked but not constructed, so that writing a
 * configuration opens no database connection.
 *
 * @throws ConfigurationError as {@link createApplication} does
 */
export function describeControllers(parts: readonly ApplicationPart[]): ApplicationDescription {
  if (!isPartList(parts)) throw notAList(parts);
  const { controllers, definitions } = splitParts(parts);
  return describeDefinitions(outlineControllers(controllers, definitions));
}

/** Separates definitions from the rest, which is checked, and reported if it is not a controller. */
function splitParts(parts: readonly ApplicationPart[]) {
  const isDefinition = (part: unknown): part is Definition =>
    typeof part === "object" && part !== null && "kind" in part;
  return {
    controllers: parts.filter((part): part is ControllerClass => !isDefinition(part)),
    definitions: parts.filter(isDefinition),
  };
}

function isPartList(
  options: ApplicationOptions | readonly ApplicationPart[],
): options is readonly ApplicationPart[] {
  return Array.isArray(options);
}

function describeDefinitions(definitions: readonly Definition[]): ApplicationDescription {
  return {
    responders: definitions
      .filter((definition) => definition.kind === "responder")
      .map(({ name, routes }) => ({
        name,
        routes: routes.map(({ method, path, streams = false }) => ({ method, path, streams })),
      })),
    authorizers: definitions
      .filter((definition) => definition.kind === "authorizer")
      .map(({ name, paths, variables }) => (variables ? { name, paths, variables } : { name, paths })),
    filters: definitions
      .filter((definition) => definition.kind === "filter")
      .map(({ name, paths, type }) => ({ name, paths, type })),
    roles: definitions
      .filter((definition) => definition.kind === "role")
      .map(({ name, number }) => ({ name, number })),
  };
}
