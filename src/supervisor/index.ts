/**
 * `tricorn/supervisor`: a master that runs a program in workers, and reloads it without losing a request.
 *
 * @module supervisor
 */
export { supervise, type SuperviseOptions } from "./supervise.js";
export type { Supervised, SupervisedEvents } from "./supervised.js";
export type { StopOptions } from "./drain.js";
export type { OperationsOptions } from "./operations.js";
export type { RecyclingLimits } from "./recycling.js";
export type {
  ActiveRequest,
  ReloadOutcome,
  WorkerEnd,
  WorkerFailure,
  WorkerReport,
  WorkerStatistics,
} from "./reports.js";
export type { EndKind, WorkerStateName } from "./worker-state.js";
