import type { Logger } from "pino";

import { blamingCaller } from "./diagnostics/caller.js";
import { className, type Class } from "./decorators/class.js";
import { compileControllers, outlineControllers } from "./decorators/compile.js";
import type { Container } from "./decorators/container.js";
import type { LifecycleHooks } from "./decorators/lifecycle.js";
import { isWrittenAsClass, mistakeOf } from "./decorators/mistaken-part.js";
import { ConfigurationError } from "./errors.js";
import { defaultLog } from "./log/default-log.js";
import type { Definition } from "./roles/definitions.js";
import { refuseUnknownOptions } from "./diagnostics/options.js";
import { Dispatcher, type HandlerTimeouts } from "./roles/dispatcher.js";
import type { HeadLimits } from "./http/head.js";
import type { Middleware } from "./roles/middleware.js";
import type { StderrLines } from "./log/stderr-lines.js";

/** A class with one of the decorators `@Responder`, `@Authorizer` and `@Filter`. */
export type ControllerClass = Class;

/**
 * What a list of an application may have: classes, and what plays a role without decorators, such as an adapter of
 * `tricorn/adapters`.
 */
export type ApplicationPart = ControllerClass | Definition;

/** What an application is made of. */
export interface ApplicationOptions {
  readonly controllers: readonly ControllerClass[];
  /** What plays further roles, or responders, authorizers and filters without decorators. */
  readonly definitions?: readonly Definition[] | undefined;
  /** Runs around every responder and filter, the first outermost; also where no route is found. */
  readonly middleware?: readonly Middleware[] | undefined;
  /**
   * The logger; if left out, one at the level of TRICORN_LOG_LEVEL or `info` that takes out credentials. It writes where
   * TRICORN_LOG says, else to descriptor 2, else, where that is /dev/null, to descriptor 1 unless a peer reads that.
   */
  readonly log?: Logger | undefined;
  /**
   * What the Web server is told of a request by FCGI_STDERR, which it puts into its error log: `failures` in one line
   * each, also all `warnings` and errors that handlers log by `request.log`, or nothing, `off`. `failures` if left out;
   * `warnings` where the logger was left out too and nobody would see its lines.
   */
  readonly stderr?: StderrLines | undefined;
  /**
   * What dependencies are resolved from; tsyringe's global container if left out. An application with a container of its
   * own also has singletons of its own, which are kept in that container.
   */
  readonly container?: Container | undefined;
  /**
   * The path that the application is mounted at where the Web server does not tell, or tells wrongly: "/app", or "/" for
   * the root. Apache with SetHandler takes the first segment of a path for the mount.
   */
  readonly mount?: string | undefined;
  /** How long handlers may take until their answer begins, in milliseconds. */
  readonly timeouts?: HandlerTimeouts | undefined;
  /** How large the header block of an answer may be; more than the default needs a Web server that takes it. */
  readonly limits?: Partial<HeadLimits> | undefined;
  /**
   * The params that hold secrets beside Authorization, Cookie and REMOTE_PASSWD, such as `HTTP_X_API_KEY`; header fields and
   * members of the query may be named too. Their values are taken out of what is logged about failures.
   */
  readonly secrets?: readonly string[] | undefined;
}

/** What an application answers, as plain data: for whoever configures a Web server. */
export interface ApplicationDescription {
  readonly responders: readonly {
    readonly name: string;
    /** `streams`: its answers leave as they are produced. */
    readonly routes: readonly { readonly method: string; readonly path: string; readonly streams: boolean }[];
  }[];
  readonly authorizers: readonly {
    readonly name: string;
    /** Without paths it decides about all. */
    readonly paths: readonly string[];
    /** The names that it may hand on; left out where it does not say. */
    readonly variables?: readonly string[];
  }[];
  readonly filters: readonly {
    readonly name: string;
    readonly paths: readonly string[];
    readonly type: string | undefined;
  }[];
  readonly roles: readonly { readonly name: string; readonly number: number }[];
}

/** A compiled application, to be served by any number of listeners. Made by {@link createApplication}. */
export class TricornApplication {
  /** @internal Plays the roles, in the same way for every listener. */
  readonly dispatcher: Dispatcher;
  readonly #hooks: LifecycleHooks;
  /** The logger that requests inherit from. */
  readonly log: Logger;
  /** @internal The logger that it was given, if it was given one. */
  readonly ownLog: Logger | undefined;
  /** What it answers. */
  readonly description: ApplicationDescription;
  /** @internal Whether nothing in it could answer a request. */
  readonly isEmpty: boolean;

  /** @internal Use {@link createApplication}. */
  constructor(options: ApplicationOptions) {
    const { middleware, mount, timeouts, limits, secrets = [] } = options;
    const { log, isVisible } =
      options.log === undefined ? defaultLog(secrets) : { log: options.log, isVisible: true };
    const stderr = options.stderr ?? (isVisible ? "failures" : "warnings");
    const { definitions, hooks } = compileControllers(options.controllers, options);
    this.dispatcher = new Dispatcher(definitions, {
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
    this.description = describe(definitions);
    this.isEmpty = definitions.length === 0 && (middleware ?? []).length === 0;
  }

  /**
   * Calls onStart of everything that was injected, dependencies first. Has no effect where it has started already.
   *
   * @throws TricornError `ERR_START` when one fails; then those that had started were stopped again
   */
  start(): Promise<void> {
    return this.#hooks.start();
  }

  /**
   * Calls onStop of everything that had started, in reverse order. Has no effect where nothing has.
   *
   * @throws TricornError `ERR_STOP` when one failed; all of them were called all the same
   */
  stop(): Promise<void> {
    return this.#hooks.stop();
  }
}

/**
 * Makes an application of controllers, or of controllers and definitions in one list. All that can be checked before the
 * first request is checked here.
 *
 * @throws ConfigurationError that names class, member, fact and cure; docs/errors.md explains each code
 */
export function createApplication(
  options: ApplicationOptions | readonly ApplicationPart[],
): TricornApplication {
  return blamingCaller(createApplication, () => compileApplication(options));
}

/** @internal What {@link createApplication} does, for what is called by users itself. */
export function compileApplication(
  options: ApplicationOptions | readonly ApplicationPart[],
): TricornApplication {
  return new TricornApplication(optionsIn(options));
}

/**
 * @throws ConfigurationError `ERR_CONTROLLER` for what is neither a list nor options, `ERR_OPTION`
 */
function optionsIn(given: ApplicationOptions | readonly ApplicationPart[]): ApplicationOptions {
  if (isList(given)) return sort(given);
  if (!isOptions(given)) throw noList(given);
  refuseUnknownOptions("createApplication", given);
  return given;
}

function isOptions(given: unknown): given is ApplicationOptions {
  return typeof given === "object" && given !== null && Array.isArray(Reflect.get(given, "controllers"));
}

function noList(given: unknown): ConfigurationError {
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
      `${cannot}: ${name} is no list of controllers; write [${name}]`,
    );
  }
  const { fact, cure } = mistakeOf(given);
  return new ConfigurationError("ERR_CONTROLLER", `${cannot}: ${fact} is no list of controllers; ${cure}`);
}

/**
 * What an application of these controllers would answer. They are checked and nothing is constructed, so that nobody
 * connects to a database in order to write a configuration.
 *
 * @throws ConfigurationError as {@link createApplication} does
 */
export function describeControllers(parts: readonly ApplicationPart[]): ApplicationDescription {
  if (!isList(parts)) throw noList(parts);
  const { controllers, definitions } = sort(parts);
  return describe(outlineControllers(controllers, definitions));
}

/** Whatever is no definition is left for the checks of controllers, which say what is wrong with it. */
function sort(parts: readonly ApplicationPart[]) {
  const isDefinition = (part: unknown): part is Definition =>
    typeof part === "object" && part !== null && "kind" in part;
  return {
    controllers: parts.filter((part): part is ControllerClass => !isDefinition(part)),
    definitions: parts.filter(isDefinition),
  };
}

function isList(
  options: ApplicationOptions | readonly ApplicationPart[],
): options is readonly ApplicationPart[] {
  return Array.isArray(options);
}

function describe(definitions: readonly Definition[]): ApplicationDescription {
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
