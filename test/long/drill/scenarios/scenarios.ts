import type { Group, Scenario } from "../scenario.js";
import { balanceScenarios } from "./balance.js";
import { growthScenario } from "./growth.js";
import { hostsScenarios } from "./hosts.js";
import { brokenScenarios, killScenarios, masterScenarios } from "./kill.js";
import { paceScenarios } from "./pace.js";
import { peersScenarios } from "./peers.js";
import { recycleScenarios } from "./recycle.js";
import { reloadScenarios } from "./reload.js";
import { rolesScenarios } from "./roles.js";
import { stopScenarios } from "./stop.js";

/** How long the drill is; each scenario has its own length by default. */
export interface Lengths {
  /** Reloads in each scenario. */
  readonly reloads?: number;
  /** How long workers are killed; s. */
  readonly seconds?: number;
  /** Requests of each scenario with several hosts. */
  readonly requests?: number;
}

/** The scenarios of some groups, in their order. */
export function scenariosOf(
  groups: readonly Group[],
  { reloads, seconds, requests }: Lengths = {},
): Scenario[] {
  const count = reloads === undefined ? {} : { count: reloads };
  const of: Readonly<Record<Group, () => Scenario[]>> = {
    reload: () => [
      ...reloadScenarios(reloads === undefined ? {} : { many: reloads, few: reloads }),
      growthScenario(count),
    ],
    pace: () => paceScenarios(count),
    broken: () => brokenScenarios(count),
    kill: () => killScenarios(seconds === undefined ? {} : { time: seconds * 1_000 }),
    master: () => masterScenarios(),
    recycle: () => recycleScenarios(),
    stop: () => stopScenarios(),
    roles: () => rolesScenarios(),
    balance: () => balanceScenarios(),
    hosts: () => hostsScenarios(requests === undefined ? {} : { calm: requests, others: requests }),
    peers: () => peersScenarios(count),
  };
  return groups.flatMap((group) => of[group]());
}
