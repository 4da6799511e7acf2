/** The variable in which a master describes a worker's place. */
export const WORKER_VARIABLE = "TRICORN_WORKER";

/** A listening socket that a worker inherits. */
export interface InheritedSocket {
  readonly fd: number;
  /** Where it is bound: `127.0.0.1:9000`, `unix:/run/app.sock`, or `fd:0` of the master. */
  readonly address: string;
}

/** The facts that a worker gets when it starts. */
export interface WorkerPlace {
  readonly sockets: readonly InheritedSocket[];
  /** Whether it logs where its event loop spins if that stands still. */
  readonly hangReport: boolean;
  /** The process id of the master. */
  readonly master: number;
  /** The unix socket at which the worker finds the next master if its own one dies; undefined if it cannot. */
  readonly next?: string | undefined;
}

/**
 * The place of this process under a master; undefined if it has none. The variable is removed from the environment, so that
 * children of the program do not take themselves for workers.
 */
export const workerPlace = takeWorkerPlace();

function takeWorkerPlace(): WorkerPlace | undefined {
  const text = process.env[WORKER_VARIABLE];
  if (text === undefined) return undefined;
  delete process.env[WORKER_VARIABLE];
  return process.send === undefined ? undefined : (JSON.parse(text) as WorkerPlace);
}
