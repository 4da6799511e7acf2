import type { SlowRequest } from "./observed-status.js";

/** Requests that are kept. */
export const MOST_SLOW = 20;

/** The slowest requests of those that are offered. */
export class SlowestRequests<Request extends Pick<SlowRequest, "id" | "duration">> {
  /** The slowest one first. */
  readonly #requests: Request[] = [];

  /** Keeps a request if it is one of the slowest. @param describe is called only then */
  offer(duration: number, describe: () => Request): void {
    const requests = this.#requests;
    const last = requests.at(-1);
    if (requests.length === MOST_SLOW && last !== undefined && duration <= last.duration) return;
    const at = requests.findLastIndex((other) => other.duration >= duration) + 1;
    requests.splice(at, 0, describe());
    if (requests.length > MOST_SLOW) requests.pop();
  }

  /** Keeps what is known now of a request that may have been offered before. */
  update(request: Request): void {
    const at = this.#requests.findIndex(({ id }) => id === request.id);
    if (at >= 0) this.#requests.splice(at, 1);
    this.offer(request.duration, () => request);
  }

  /** The slowest one first. */
  get all(): readonly Request[] {
    return this.#requests;
  }

  clear(): void {
    this.#requests.length = 0;
  }
}
