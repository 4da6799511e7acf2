/** The variable in which the parent of a program describes its place. */
export const WORKER_VARIABLE = "TRICORN_WORKER";

/** A listening socket that a worker inherits. */
export interface InheritedSocket {
  readonly fd: number;
  /** Where it is bound: `127.0.0.1:9000`, `unix:/run/app.sock`, or `fd:0` of the master. */
  readonly address: string;
}

/** The facts that a worker of a master gets when it starts. */
export interface WorkerPlace {
  readonly kind: "worker";
  readonly sockets: readonly InheritedSocket[];
  /** Whether it logs where its event loop spins if that stands still. */
  readonly hangReport: boolean;
  /** Whether it counts its requests for the master. */
  readonly isObserved: boolean;
  /** How long a request may be active before it is logged; ms. Undefined if the program decides. */
  readonly slowLog?: number | undefined;
  /** The process id of the master. */
  readonly master: number;
  /** The unix socket at which the worker finds the next master if its own one dies; undefined if it cannot. */
  readonly next?: string | undefined;
}

/** The facts that a program gets when `tricorn dev` starts it. */
export interface DevelopmentPlace {
  readonly kind: "development";
  /** Where it listens, instead of on its own address. */
  readonly address: string;
}

/** What another program of this package has started this process for. */
export type ProcessPlace = WorkerPlace | DevelopmentPlace;

/**
 * The place of this process; undefined if it was started by itself. The variable is removed from the environment, so that
 * children of the program do not take themselves for workers.
 */
export const processPlace = takePlace();

function takePlace(): ProcessPlace | undefined {
  const text = process.env[WORKER_VARIABLE];
  if (text === undefined) return undefined;
  delete process.env[WORKER_VARIABLE];
  return process.send === undefined ? undefined : (JSON.parse(text) as ProcessPlace);
}
