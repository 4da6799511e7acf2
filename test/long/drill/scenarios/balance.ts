import { sharesOf } from "../figures.js";
import { nothing } from "../plans.js";
import { nothingLeft, type Group, type Scenario } from "../scenario.js";
import type { Target } from "../targets/target.js";
import { tricorn } from "../targets/tricorn.js";
import { drillScenario } from "./common.js";

const WORKERS = 4;
/** For how long connections may be spread at the beginning; ms. */
const SPREAD = 2_000;

/** Which loads are divided, and by whom. */
export interface BalanceOptions {
  /** How long; ms. */
  readonly time?: number;
  readonly clients?: readonly number[];
  /** Whether connections are kept. */
  readonly keeps?: readonly boolean[];
  readonly target?: Target;
  readonly group?: Group;
}

/** Clients that ask as fast as they are answered: how evenly workers share the requests. */
export function balanceScenarios({
  time = 8_000,
  clients = [16, 64],
  keeps = [true, false],
  target = tricorn,
  group = "balance",
}: BalanceOptions = {}): Scenario[] {
  return clients.flatMap((count) =>
    keeps.map((isKept) =>
      drillScenario({
        group,
        name: `balance of ${WORKERS} workers, ${count} clients, connections ${isKept ? "kept" : "not kept"}${target === tricorn ? "" : `, ${target.name}`}`,
        target,
        workers: WORKERS,
        keep: isKept ? count : 0,
        shape: { kind: "closed", clients: count },
        mix: { get: 1 },
        plan: nothing(time),
        limits: { ...nothingLeft, failed: 0, busiestToLaziest: 1.5 },
        more: ({ samples }) => {
          const begin = samples[0]!.begun + SPREAD;
          const shares = sharesOf(samples.filter(({ begun }) => begun > begin));
          const percent = Object.fromEntries(
            shares.map((share, index) => [`share${index + 1}`, Math.round(share * 1_000) / 10]),
          );
          const laziest = shares.length === WORKERS ? shares[WORKERS - 1]! : 0;
          return { busiestToLaziest: Math.round((shares[0]! / laziest) * 100) / 100, ...percent };
        },
      }),
    ),
  );
}
