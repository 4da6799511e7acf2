import { Drain, stopStep, type MasterPhase, type StopOptions } from "./drain.js";

/** What is done on the way to the end of a master. */
export interface MasterStopHost {
  /** It serves on for so long before it stops; ms. */
  draining(time: number): void;
  /** It stops. Resolves when its workers have ended, and its sockets are closed. */
  stopWorkers(): Promise<void>;
  /** Its workers end at once. */
  killWorkers(): void;
}

/** How far a master has come, and how it stops. */
export class MasterStop {
  readonly #host: MasterStopHost;
  readonly #usualDrain: number;
  #phase: MasterPhase = "starting";
  #drain: Drain | undefined;
  readonly #stopped: Promise<void>;
  #markStopped = (): void => {};

  /** @param usualDrain for how long it serves on when it is asked to stop; ms */
  constructor(host: MasterStopHost, usualDrain: number) {
    this.#host = host;
    this.#usualDrain = usualDrain;
    this.#stopped = new Promise((resolve) => {
      this.#markStopped = resolve;
    });
  }

  get phase(): MasterPhase {
    return this.#phase;
  }

  /** While it drains, when that ends; ms since 1970. */
  get drainEndsAt(): number | undefined {
    return this.#phase === "draining" ? this.#drain?.endsAt : undefined;
  }

  /** All workers of the first start are ready. */
  serving(): void {
    if (this.#phase === "starting") this.#phase = "serving";
  }

  /** It is asked to stop. Resolves when it has stopped. */
  ask({ drain }: StopOptions = {}): Promise<void> {
    const step = stopStep(this.#phase, { drain, usual: this.#usualDrain });
    switch (step.kind) {
      case "drain":
        this.#phase = "draining";
        this.#drain ??= new Drain(() => void this.#stop());
        this.#drain.last(step.time);
        this.#host.draining(step.time);
        break;
      case "stop":
        void this.#stop();
        break;
      case "kill":
        this.#host.killWorkers();
        break;
      default:
    }
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#phase = "stopping";
    this.#drain?.end();
    await this.#host.stopWorkers();
    this.#markStopped();
  }
}
