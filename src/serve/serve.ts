import { TricornApplication, compileApplication, type ApplicationPart } from "../application.js";
import { openDispatcher } from "../bridges/open-dispatcher.js";
import type { ListenerOptions } from "../bridges/bridge-options.js";
import { startUse, stopUse } from "./application-uses.js";
import { blame, callerOf, type Caller } from "../diagnostics/caller.js";
import { ConfigurationError, TricornError } from "../errors.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import {
  exitUnlessCaught,
  reportMistake,
  reportStartFailure,
  startFailureOf,
} from "../diagnostics/start-failure.js";
import { processPlace } from "../process/worker-place.js";
import { startedAsCgi, takeCgiVariables } from "../process/cgi-environment.js";
import { kindOfDescriptor } from "../process/descriptor.js";
import { howStarted } from "../process/how-started.js";
import { closeAtEnd, ignoreOutputErrors } from "../process/process-end.js";
import { parseAddress, type AddressLike } from "../protocol/address.js";
import { framingOf } from "../protocol/framing.js";
import { refuseUselessScgi } from "./useless-scgi.js";
import { openObservers } from "./observers.js";
import { serveObserver } from "./serve-observer.js";
import type { IdleEnd } from "../server/connection-life.js";
import { Server, type ServerOptions } from "../server/server.js";
import { takeSystemdSockets } from "../process/systemd-sockets.js";
import type { WorkerSide } from "../supervisor/worker-side.js";
import type { SlowLog } from "../log/slow-log.js";
import type { DevelopmentSide } from "./development-side.js";

/** The options of `serve`. */
export interface ServeOptions extends Partial<ServerOptions>, ListenerOptions {
  /**
   * Whether `serve` handles signals and exits the process; true by default. SIGTERM and SIGINT then close the server and
   * exit with 0 (section 7); so do SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2, unless the program listens for them. An uncaught
   * exception or rejection is logged, then the server closes and the process exits with 1, because its state is unknown.
   * The process outlives the readers of its standard output.
   */
  readonly signals?: boolean | undefined;
  /**
   * Whether each request is logged when it has ended: role, method, path, route, status, decision, time and bytes, without queries and
   * header fields; false by default. On a terminal the lines are text, elsewhere JSON.
   */
  readonly accessLog?: boolean | undefined;
  /**
   * How long a request may be active before it is logged while it still runs, with the await in which its handler stands; in ms. By
   * default none is. Each promise costs several times as much then; see docs/observe.md. `tricorn serve --slow-log` takes the place of
   * it.
   */
  readonly slowLog?: number | undefined;
}

/** An application that is being served. */
export interface Served {
  /**
   * The addresses: `127.0.0.1:9000`, `unix:/run/app.sock`, `fd:0`, `scgi:127.0.0.1:9001`; several are separated by commas, as in TRICORN_LISTEN;
   * "" after a CGI request.
   */
  readonly address: string;
  /** Finishes active requests, closes every connection, and runs the stop hooks. */
  close(): Promise<void>;
}

/**
 * Serves controllers, or an application made by `createApplication`, over FastCGI: on one address or on several.
 * `systemd:web` stands for the sockets that systemd passed under the name `web`. An address after `scgi:` speaks SCGI.
 *
 * If no address is given, it finds out how the process was started, in this order:
 *
 * 1. Descriptor 0 is a listening socket: a Web server, spawn-fcgi, multiwatch or cgi-fcgi started it (section 2.2).
 * 2. systemd passed sockets (LISTEN_FDS, for this LISTEN_PID): all of them, or those that TRICORN_LISTEN names.
 * 3. TRICORN_LISTEN has addresses, with commas between.
 * 4. The environment is that of a CGI program: one request is answered, then the process exits.
 * 5. None of these: it listens on 127.0.0.1:9000.
 *
 * Arguments of the process are never looked at: a CGI program gets them from the client.
 *
 * @throws ConfigurationError for every mistake that can be found before the first request; nothing is open then
 *
 * @example
 * ```ts
 * import { Get, Responder, serve } from "tricorn";
 *
 * @Responder()
 * class Hello {
 *   @Get("/")
 *   hello() {
 *     return "Hello from FastCGI";
 *   }
 * }
 *
 * await serve([Hello], "127.0.0.1:9000");
 * ```
 */
export function serve(
  application: TricornApplication | readonly ApplicationPart[],
  listen?: AddressLike | readonly AddressLike[],
  options: ServeOptions = {},
): Promise<Served> {
  const observer = serveObserver();
  if (observer !== undefined) {
    observer(application);
    return new Promise(() => {});
  }
  return serveFor(callerOf(serve), { application, listen, options });
}

interface ToServe {
  readonly application: TricornApplication | readonly ApplicationPart[];
  readonly listen: AddressLike | readonly AddressLike[] | undefined;
  readonly options: ServeOptions;
}

async function serveFor(caller: Caller, { application, listen, options: given }: ToServe): Promise<Served> {
  const { signals = true } = given;
  if (signals) ignoreOutputErrors();
  let ownLog: ServerOptions["log"] | undefined;
  let side: ProcessSide | undefined;
  try {
    const taken = await takeSide(given);
    ({ side } = taken);
    const {
      bridges,
      vouchesFor,
      accessLog,
      slowLog: threshold,
      signals: _,
      ...serverOptions
    } = taken.options;
    const served = application instanceof TricornApplication ? application : compileApplication(application);
    ownLog = served.ownLog;
    refuseUnknownOptions("serve", given);
    refuseOptionsAsAddress(listen);
    if (served.isEmpty) {
      const fact = "nothing in it answers requests; list a class with @Responder, @Authorizer or @Filter";
      throw new ConfigurationError("ERR_CONTROLLER", `Cannot serve application: ${fact}`);
    }
    const options: ServerOptions = { log: served.log, ...serverOptions };
    const { log } = options;
    const worker = side?.kind === "worker" ? side : undefined;
    const { observers, slowLog } = await openObservers({
      log,
      isDefault: log === served.log && ownLog === undefined,
      accessLog: accessLog === true,
      counter: worker && ((slow) => worker.observer(slow)),
      slowLog: worker?.slowLog ?? threshold,
    });
    const dispatcher = await openDispatcher(served.roles, { bridges, vouchesFor, observers });
    if (side?.kind === "worker" && listen !== undefined) {
      served.log.info(`Under its supervisor this program listens on ${side.addresses.join(", ")}`);
    }
    const start = howStarted(side?.addresses ?? listen, {
      named: process.env["TRICORN_LISTEN"],
      isCgi: startedAsCgi,
      kindOf: kindOfDescriptor,
      systemdSockets: takeSystemdSockets,
    });
    if (start.kind === "listen") refuseUselessScgi(start.addresses, { roles: served.roles, bridges });
    // Also if it listens: cgi-fcgi passes on the environment of the request that started it.
    const variables = startedAsCgi ? takeCgiVariables(process.env) : [];
    // Mistakes in the options are found before anything starts.
    const server = new Server(dispatcher, options);
    if (start.kind === "cgi") {
      // A server that listens does not need the in-process client.
      const { serveAsCgi } = await import("./serve-as-cgi.js");
      return await serveAsCgi(served, { server, variables, signals });
    }
    const running = new RunningServer(served, { server, signals, side, slowLog });
    await running.listen(start.addresses, options.socketAccess);
    if (start.meantFor !== undefined) {
      const facts = { listenPid: start.meantFor, pid: process.pid };
      served.log.warn(
        facts,
        "Ignored systemd's sockets: LISTEN_PID names another process; start node with exec",
      );
    }
    if (side?.kind === "development") {
      side.ready(served, bridges);
    } else {
      // A reader of this line may send a signal at once.
      for (const address of running.addresses) {
        const { name } = framingOf(parseAddress(address));
        served.log.info(`Listening on ${address} for ${name}`);
      }
      side?.ready();
    }
    return running;
  } catch (error) {
    if (error instanceof TricornError) blame(error, caller);
    if (signals) {
      // Under `tricorn dev` its parent reports it.
      if (side?.kind !== "development") reportStartFailure(startFailureOf(error), ownLog);
      await side?.failed(error);
      exitUnlessCaught(error);
    }
    throw error;
  }
}

function refuseOptionsAsAddress(listen: unknown): void {
  if (typeof listen !== "object" || listen === null || Array.isArray(listen)) return;
  if ("port" in listen || "path" in listen) return;
  const fact = "the second argument is the address, the third one the options";
  throw new ConfigurationError(
    "ERR_ADDRESS",
    `Cannot serve: ${fact}; write serve(application, undefined, options) for the default address`,
  );
}

/** What this process does for the program of this package that has started it. */
type ProcessSide = WorkerSide | DevelopmentSide;

let isSideTaken = false;

/** The side that this process is on, undefined if it was started by itself, and the options that hold there. */
async function takeSide(
  options: ServeOptions,
): Promise<{ readonly side: ProcessSide | undefined; readonly options: ServeOptions }> {
  if (processPlace === undefined) return { side: undefined, options };
  if (isSideTaken) {
    const one = processPlace.kind === "worker" ? "a worker" : "a program under tricorn dev";
    throw new ConfigurationError(
      "ERR_WORKER",
      `Cannot serve: ${one} serves one application, and this is its second call of serve`,
    );
  }
  isSideTaken = true;
  if (processPlace.kind === "worker") {
    const { WorkerSide } = await import("../supervisor/worker-side.js");
    return { side: new WorkerSide(processPlace), options };
  }
  const { DevelopmentSide, developmentOptions } = await import("./development-side.js");
  return { side: new DevelopmentSide(processPlace), options: developmentOptions(options) };
}

interface RunningParts {
  readonly slowLog: SlowLog | undefined;
  readonly server: Server;
  readonly signals: boolean;
  readonly side: ProcessSide | undefined;
}

class RunningServer implements Served {
  readonly #application: TricornApplication;
  readonly #server: Server;
  readonly #signals: boolean;
  readonly #side: ProcessSide | undefined;
  readonly #slowLog: SlowLog | undefined;
  #forgetEnd: (() => void) | undefined;
  #addresses: readonly string[] = [];
  #closing: Promise<void> | undefined;

  constructor(application: TricornApplication, { server, signals, side, slowLog }: RunningParts) {
    this.#application = application;
    this.#server = server;
    this.#signals = signals;
    this.#side = side;
    this.#slowLog = slowLog;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  get address(): string {
    return this.#addresses.join(", ");
  }

  /** Starts the application, and listens on each address or on none; on another program's side on that of its parent. */
  async listen(addresses: readonly AddressLike[], access: ServerOptions["socketAccess"]): Promise<void> {
    await startUse(this.#application);
    // The first request may come before the last address is open, and a signal right after it.
    if (this.#signals) this.#closeAtEnd();
    try {
      if (this.#side === undefined) for (const address of addresses) await this.#server.listen(address);
      else {
        const [server, slowLog] = [this.#server, this.#slowLog];
        await this.#side.listen({ server, slowLog, log: this.#application.log, access });
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#addresses = this.#side?.addresses ?? this.#server.addresses;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close("at once"));
  }

  async #close(idleEnd: IdleEnd): Promise<void> {
    try {
      await (this.#side ?? this.#server).close(idleEnd);
      await stopUse(this.#application);
    } finally {
      this.#slowLog?.close();
      this.#forgetEnd?.();
    }
  }

  #closeAtEnd(): void {
    const { log, ownLog } = this.#application;
    this.#forgetEnd = closeAtEnd({
      close: async () => {
        try {
          await (this.#closing ??= this.#close("after one more request"));
        } catch (error) {
          log.error({ err: error }, "Cannot close cleanly");
          throw error;
        }
      },
      uncaught: (error, origin) => {
        // For example a gateway that cannot start beside this server.
        if (!reportMistake(error, ownLog)) log.fatal({ err: error, origin }, "Uncaught error");
      },
    });
  }
}
