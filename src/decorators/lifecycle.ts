import { TricornError } from "../errors.js";
import { className } from "./class.js";

/** Implemented by controllers and singletons that need to run code before the first request. */
export interface OnStart {
  /** Called once, after that of all dependencies. A failure keeps the application from starting. */
  onStart(): void | Promise<void>;
}

/** Implemented by controllers and singletons that need to run code after the last request. */
export interface OnStop {
  /** Called once, before that of all dependencies. */
  onStop(): void | Promise<void>;
}

/** The names of a value's lifecycle hooks. */
export function hooksOf(value: unknown): ("onStart" | "onStop")[] {
  if (typeof value !== "object" || value === null) return [];
  return (["onStart", "onStop"] as const).filter(
    (hook) => typeof (value as Record<string, unknown>)[hook] === "function",
  );
}

/** The instances of an application that have lifecycle hooks. */
export class LifecycleHooks {
  readonly #instances: Partial<OnStart & OnStop>[];
  #started: Partial<OnStart & OnStop>[] = [];
  /** The last start or stop: each waits for the one before it. */
  #last: Promise<void> = Promise.resolve();
  #running = false;

  /** @param instances dependencies before their dependents */
  constructor(instances: Iterable<object>) {
    this.#instances = [...new Set(instances)].filter((instance) => hooksOf(instance).length > 0);
  }

  /**
   * Calls onStart of each instance, one after the other. Does nothing if already started.
   *
   * @throws TricornError `ERR_START` if one fails; those that had started have been stopped again
   */
  start(): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#running) return;
      this.#running = true;
      for (const instance of this.#instances) {
        try {
          await instance.onStart?.();
        } catch (cause) {
          // A failure to stop would hide the failure to start.
          await this.#stopStarted();
          throw new TricornError(
            "ERR_START",
            `Cannot start application: onStart of ${instanceName(instance)} failed`,
            {
              fault: "local",
              cause,
            },
          );
        }
        this.#started.push(instance);
      }
    });
  }

  /**
   * Calls onStop of each instance that started, in reverse order, even if some fail. Does nothing if nothing is started.
   *
   * @throws TricornError `ERR_STOP` if one failed; its cause is that error, or an AggregateError of several
   */
  stop(): Promise<void> {
    return this.#enqueue(async () => {
      const failures = await this.#stopStarted();
      if (failures.length === 0) return;
      const names = failures.map(({ instance }) => instanceName(instance)).join(", ");
      const errors = failures.map(({ error }) => error);
      throw new TricornError("ERR_STOP", `Cannot stop application cleanly: onStop of ${names} failed`, {
        fault: "local",
        cause: errors.length === 1 ? errors[0] : new AggregateError(errors),
      });
    });
  }

  async #stopStarted(): Promise<{ readonly instance: object; readonly error: unknown }[]> {
    const started = this.#started.reverse();
    this.#started = [];
    this.#running = false;
    const failures: { readonly instance: object; readonly error: unknown }[] = [];
    for (const instance of started) {
      try {
        await instance.onStop?.();
      } catch (error) {
        failures.push({ instance, error });
      }
    }
    return failures;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

function instanceName(instance: object): string {
  return className(instance.constructor);
}
