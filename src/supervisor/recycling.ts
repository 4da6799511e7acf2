import type { LeaveReason } from "./worker-state.js";

/** When a worker is replaced by a new one, although it serves. By default never. */
export interface RecyclingLimits {
  /** Requests; each worker is given up to a tenth more, so that they are not replaced at the same time. */
  readonly requests?: number | undefined;
  /** Resident memory, which includes Buffers; bytes. Checked twice a second. */
  readonly rss?: number | undefined;
  /** Time since its start; ms. Each worker is given up to a tenth more. */
  readonly age?: number | undefined;
}

/** The part of a limit that a worker may be given in addition. */
const JITTER = 0.1;

/** What a worker has used up. */
export interface WorkerUse {
  readonly requests: number;
  readonly rss: number;
  readonly age: number;
}

/** Returns the limits of one worker. @param random from 0 to 1 */
export function limitsOfOne(limits: RecyclingLimits, random: number): RecyclingLimits {
  const by = 1 + JITTER * random;
  const { requests, rss, age } = limits;
  return {
    requests: requests === undefined ? undefined : Math.ceil(requests * by),
    rss,
    age: age === undefined ? undefined : age * by,
  };
}

/** Why a worker is to be replaced; undefined if it is not. */
export function whyRecycle(use: WorkerUse, limits: RecyclingLimits): LeaveReason | undefined {
  if (use.rss > (limits.rss ?? Infinity)) return "memory";
  if (use.requests >= (limits.requests ?? Infinity)) return "requests";
  return use.age >= (limits.age ?? Infinity) ? "age" : undefined;
}
