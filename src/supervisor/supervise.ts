import { availableParallelism } from "node:os";
import type { Logger } from "pino";

import { refuseUnknownOptions } from "../diagnostics/options.js";
import { ConfigurationError } from "../errors.js";
import { defaultLog, logStream } from "../log/default-log.js";
import type { AddressLike } from "../protocol/address.js";
import { identityOfWorkers } from "./identity.js";
import { Master } from "./master.js";
import { handleMasterSignals } from "./master-signals.js";
import { openSockets } from "./open-sockets.js";
import { Operations, type OperationsOptions } from "./operations.js";
import { logicalDirectory, logicalPath } from "./program-path.js";
import type { RecyclingLimits } from "./recycling.js";
import type { Supervised } from "./supervised.js";
import { runtimeOf } from "./typescript-runtime.js";
import { printedLine } from "./worker-output.js";

/** How long a worker may take until it is ready, in ms: `tricorn reload` is to say within 10 s that it does not start. */
const START_LIMIT = 9_000;

/** The options of `supervise`. */
export interface SuperviseOptions extends OperationsOptions {
  /** How many workers; by default as many as the processor has threads. */
  readonly workers?: number | undefined;
  /** Where they listen. By default as `serve` decides it: descriptor 0, LISTEN_FDS, TRICORN_LISTEN, 127.0.0.1:9000. */
  readonly listen?: AddressLike | readonly AddressLike[] | undefined;
  /** The arguments of the program. */
  readonly args?: readonly string[] | undefined;
  /** Options of Node.js for the workers. */
  readonly execArgv?: readonly string[] | undefined;
  /** The working directory of the workers. A symbolic link in it is resolved at each start. */
  readonly directory?: string | undefined;
  /** When a worker is replaced although it serves; by default never. */
  readonly recycle?: RecyclingLimits | undefined;
  /**
   * For how long it serves on when it is asked to stop, in ms; 0 by default. Meanwhile `/ping` is 503, so that load balancers notice.
   * Another request to stop ends that time.
   */
  readonly drain?: number | undefined;
  /** How long a worker may take until it is ready, in ms; 9,000 by default. */
  readonly startLimit?: number | undefined;
  /**
   * The user of the workers, by name or number; also the owner of unix sockets that the program gives to none. Only root can choose
   * one, and must. The master stays who it is.
   */
  readonly user?: string | undefined;
  /** The group of the workers, by name or number; by default that of the user. */
  readonly group?: string | undefined;
  /** The umask of the master and its workers; by default what it was. */
  readonly umask?: number | undefined;
  /**
   * Whether a worker whose event loop stands still logs the JavaScript stack of where it spins, before it is replaced. A thread
   * watches for that; it costs 10 to 20 MiB for each worker. False by default.
   */
  readonly hangReport?: boolean | undefined;
  /** The option `slowLog` of `serve` for the workers, in ms; by default the program decides. */
  readonly slowLog?: number | undefined;
  /**
   * Whether `supervise` handles signals and exits the process when it has stopped; true by default. SIGTERM, SIGINT and SIGQUIT
   * stop it, each one a step further: drain, stop, end of all requests; SIGHUP and SIGUSR2 reload; SIGUSR1 opens the log file of TRICORN_LOG again.
   */
  readonly signals?: boolean | undefined;
  /** The log of the master, which also gets the lines that workers print; by default the one that `serve` has. */
  readonly log?: Logger | undefined;
}

/**
 * Runs a program that calls `serve` in several workers, and holds the sockets on which they listen: they take the place of the
 * program's own address. Resolves when all workers are ready.
 *
 * @param script the path of the program, resolved anew at each start of a worker; TypeScript needs `@oxc-node/core`
 * @throws ConfigurationError for every mistake that can be found before the first request; `ERR_WORKER_START` if a worker does not
 * start
 *
 * @example
 * ```ts
 * import { supervise } from "tricorn/supervisor";
 *
 * const master = await supervise("dist/main.js", { workers: 4, listen: "/run/app/app.sock" });
 * master.on("reloaded", ({ failure }) => failure && console.error(failure.sentence));
 * ```
 */
export async function supervise(script: string, options: SuperviseOptions = {}): Promise<Supervised> {
  refuseUnknownOptions("supervise", options);
  const {
    workers = availableParallelism(),
    startLimit = START_LIMIT,
    drain = 0,
    recycle = {},
    signals = true,
  } = options;
  requireNumber("workers", { value: workers, least: 1, isWhole: true });
  requireNumber("drain", { value: drain, least: 0 });
  requireNumber("startLimit", { value: startLimit, least: 1 });
  for (const name of ["requests", "rss", "age"] as const)
    requireNumber(`recycle.${name}`, { value: recycle[name] ?? 1, least: 1 });
  const directory = logicalPath(options.directory ?? logicalDirectory());
  const path = logicalPath(script, directory);
  // A mistake that no worker has to be started for.
  runtimeOf(path);
  const identity = identityOfWorkers(options);
  if (options.umask !== undefined) process.umask(options.umask);
  const log = options.log ?? defaultLog([]).log;
  let master: Master | undefined;
  const end = (): void => {
    void operations.close().then(() => {
      if (signals) process.exit();
    });
  };
  // Before there is anything that a signal could leave behind.
  const isAskedToStop = signals ? handleMasterSignals(() => master, { log, end }) : () => false;
  const operations = await Operations.open(options, { program: path, log });
  const { sockets, next, takeover } = await openSockets(options.listen, {
    script: path,
    log,
    identity,
  }).catch(async (error: unknown) => {
    await operations.close();
    throw error;
  });
  try {
    master = new Master({
      program: {
        script: path,
        args: options.args ?? [],
        execArgv: options.execArgv ?? process.execArgv,
        directory,
        environment: environmentOfWorkers(),
        identity,
        hangReport: options.hangReport === true,
        isObserved: operations.observations !== undefined,
        slowLog: options.slowLog,
        next,
      },
      workers,
      sockets,
      recycle,
      drain,
      startLimit,
      log,
      observations: operations.observations,
      printed: printedLine(options.log ?? logStream()),
    });
    if (isAskedToStop()) void master.stop().then(end);
    const failure = await master.start();
    if (failure === undefined) {
      try {
        await operations.attach(master, master.access);
      } catch (error) {
        await master.stop({ drain: 0 });
        throw error;
      }
      master.once("stopped", end);
      if (takeover !== undefined) void master.takeOver(takeover);
      log.info({ workers }, `Supervising ${script} on ${master.addresses.join(", ")}`);
      return master;
    }
    // The process ends, and nothing is wrong.
    if (isAskedToStop()) return await new Promise(() => {});
    const error = new ConfigurationError("ERR_WORKER_START", `Cannot start ${script}: ${failure.sentence}`);
    error.place = placeIn(failure.details);
    throw error;
  } catch (error) {
    sockets.close();
    await operations.close();
    throw error;
  }
}

/** The log of a worker goes to its standard error, which the master reads. */
function environmentOfWorkers(): NodeJS.ProcessEnv {
  const { TRICORN_LOG: _, TRICORN_LISTEN: __, ...environment } = process.env;
  return environment;
}

interface NumberRule {
  readonly value: number;
  readonly least: number;
  readonly isWhole?: boolean;
}

function requireNumber(option: string, { value, least, isWhole = false }: NumberRule): void {
  if (typeof value === "number" && value >= least && (!isWhole || Number.isSafeInteger(value))) return;
  throw new ConfigurationError(
    "ERR_OPTION",
    `Cannot supervise: ${option} is ${String(value)}; expected a${isWhole ? " whole" : ""} number of ${least} or more`,
  );
}

/** The place of the mistake, from the details of a failure. */
function placeIn(details: readonly string[]): string | undefined {
  return /^ {4}at (\S+:\d+(?::\d+)?)$/.exec(details[0] ?? "")?.[1];
}
