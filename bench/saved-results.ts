import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { chartOf } from "./chart.js";
import type { CaseResult } from "./run-case.js";
import { resultsFolder } from "./workplace.js";

/** The machine and versions of a measurement. */
export interface Machine {
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  /** Slices of each contender. */
  readonly rounds: number;
  /** Contenders that could not be measured, and why. */
  readonly absent: readonly string[];
}

/** A case and where it was measured. */
export interface SavedResult {
  readonly machine: Machine;
  readonly result: CaseResult;
}

const file = join(resultsFolder, "latest.json");

/** The last result of each case, by its name. */
export function savedResults(): Map<string, SavedResult> {
  const list = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as SavedResult[]) : [];
  return new Map(list.map((saved) => [saved.result.name, saved]));
}

/**
 * Saves the result of a case, replacing an older one. Cases can be measured separately: only results of one case are
 * compared.
 */
export function saveResult(result: CaseResult, machine: Machine): void {
  const saved = savedResults().set(result.name, { machine, result });
  const list = [...saved.values()];
  writeFileSync(file, `${JSON.stringify(list, undefined, 2)}\n`);
  writeFileSync(join(resultsFolder, "chart.svg"), chartOf(list.map((one) => one.result)));
}
