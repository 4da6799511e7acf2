import { oneLine } from "../log/redact.js";
import { FACT_INDENT, factLine, formatSeconds } from "./fact-line.js";
import { formatObserved } from "./observed-text.js";
import type { ObservedStatus } from "./observed-status.js";
import type { ReloadOutcome, WorkerEnd, WorkerReport } from "./reports.js";

/** What a master and its workers do: a snapshot. */
export interface Status {
  /** The program. */
  readonly program: string;
  /** The master's. */
  readonly pid: number;
  /** When the master was started; ms since 1970. */
  readonly startedAt: number;
  /** When the snapshot was made; ms since 1970. */
  readonly at: number;
  /** While it serves on before it stops, when it stops; ms since 1970. */
  readonly drainEndsAt?: number | undefined;
  readonly isStopping: boolean;
  readonly addresses: readonly string[];
  readonly workers: readonly WorkerReport[];
  /** How many workers are to serve. */
  readonly wanted: number;
  /** The last reloads, the newest one last. */
  readonly lastReloads: readonly ReloadOutcome[];
  /** The last workers that did not start, crashed, were killed or were recycled, the newest one last. */
  readonly lastEnds: readonly WorkerEnd[];
  /** What is known of requests; undefined without a status listener. */
  readonly observed?: ObservedStatus | undefined;
}

/** Active requests of a worker that the text lists. */
const MOST_LISTED = 100;
const SECOND = 1000;
const MIB = 1024 * 1024;

/**
 * Whether requests are answered: a worker that serves has answered the master. If the event loops of all hang, none has.
 */
export function isAlive(workers: readonly WorkerReport[]): boolean {
  return workers.some(({ state, statistics }) => state === "ready" && statistics !== undefined);
}

/**
 * Leaves out why reloads failed: what a program throws when it starts may quote a password, and the page is for more readers than
 * the log.
 */
export function publicStatus(status: Status): Status {
  const lastReloads = status.lastReloads.map((reload) => ({
    ...reload,
    failure: reload.failure && { sentence: "a worker did not start; the log says why", details: [] },
  }));
  return { ...status, lastReloads };
}

/** Formats a status as text, a line for each fact and a block for each worker, as PHP-FPM does. */
export function formatStatus(status: Status): string {
  const { at, workers, lastReloads } = status;
  const known = workers.flatMap(({ statistics }) => statistics ?? []);
  const lines = [
    factLine("program", status.program),
    factLine("pid", status.pid),
    factLine("state", stateOf(status)),
    ...status.addresses.map((address) => factLine("address", address)),
    ...startFacts(status.startedAt, at),
    factLine("workers", countStates(status)),
    factLine("requests", sum(known.map(({ requests }) => requests))),
    factLine("refusals", sum(known.map(({ refusals }) => refusals))),
    factLine("connections", sum(known.map(({ connections }) => connections))),
    factLine("active", sum(known.map(({ activeCount }) => activeCount))),
    ...formatObserved(status.observed),
    ...lastReloads.map((reload) => factLine("reload", formatReload(reload))),
    ...status.lastEnds.map((end) => factLine("ended", formatEnd(end))),
    ...workers.flatMap((worker) => ["", "*".repeat(FACT_INDENT)].concat(workerFacts(worker, at))),
  ];
  return `${lines.join("\n")}\n`;
}

/** Formats the outcome of a reload as one line. */
export function formatReload({ startedAt, took, generation, replaced, failure }: ReloadOutcome): string {
  const what = failure === undefined ? "ok" : `failed: ${failure.sentence}`;
  const done = `${formatSeconds(took)}, generation ${generation}, ${replaced} replaced, ${what}`;
  return oneLine(`${new Date(startedAt).toISOString()}, ${done}`);
}

/** Formats the end of a worker as one line. */
export function formatEnd({ at, pid, slot, age, how, why, code, signal }: WorkerEnd): string {
  const exit = signal ?? (code === null ? [] : `code ${code}`);
  const facts = [`pid ${pid}`, `slot ${slot}`, `after ${formatSeconds(age)}`, how, why ?? [], exit].flat();
  return oneLine(`${new Date(at).toISOString()}, ${facts.join(", ")}`);
}

function workerFacts(worker: WorkerReport, at: number): string[] {
  const { statistics } = worker;
  const facts = [
    factLine("pid", worker.pid),
    factLine("slot", worker.slot),
    factLine("state", worker.state),
    factLine("generation", worker.generation),
    ...startFacts(worker.startedAt, at),
  ];
  if (statistics === undefined) return [...facts, factLine("statistics", "it does not answer")];
  const { rss, requests, refusals, connections, activeCount, active } = statistics;
  const listed = active.slice(0, MOST_LISTED).map(({ method, path, role, age, standsAt }) => {
    const where = standsAt === undefined ? "" : `, at ${standsAt}`;
    return factLine("", oneLine(`${formatSeconds(age)} ${role} ${method} ${path}${where}`));
  });
  const left = activeCount - listed.length;
  return [
    ...facts,
    factLine("memory", `${Math.round(rss / MIB)} MiB`),
    factLine("requests", requests),
    factLine("refusals", refusals),
    factLine("connections", connections),
    factLine("active", activeCount),
    ...listed,
    ...(left > 0 ? [factLine("", `and ${left} more`)] : []),
  ];
}

function stateOf({ isStopping, drainEndsAt, at }: Status): string {
  if (isStopping) return "stopping";
  return drainEndsAt === undefined
    ? "serving"
    : `draining, stops in ${Math.max(0, Math.ceil((drainEndsAt - at) / SECOND))} s`;
}

function startFacts(startedAt: number, at: number): string[] {
  return [
    factLine("start time", new Date(startedAt).toISOString()),
    factLine("start since", `${Math.max(0, Math.round((at - startedAt) / SECOND))} s`),
  ];
}

/** `2 ready, 1 leaving`; `1 of 2 ready` if some are missing. */
function countStates({ workers, wanted }: Status): string {
  const counts = new Map([["ready", 0]]);
  for (const { state } of workers) counts.set(state, (counts.get(state) ?? 0) + 1);
  return Array.from(counts, ([state, count]) =>
    state === "ready" && count < wanted ? `${count} of ${wanted} ready` : `${count} ${state}`,
  ).join(", ");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
