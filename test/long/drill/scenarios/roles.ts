import { descriptionOf } from "../../../support/web-servers/configured.js";
import { generated } from "../../../support/web-servers/generated.js";
import type { DeploymentInput } from "../../../../src/config/deployment.js";
import { controllers } from "../controllers.js";
import type { Plan } from "../drill.js";
import { failedBesideKills } from "../figures.js";
import { masterKill, reloads, workerKills } from "../plans.js";
import { nothingLeft, type Scenario } from "../scenario.js";
import { drillScenario } from "./common.js";

/** A Web server that asks authorizers, and how. */
export interface GuardingServer {
  readonly server: "nginx" | "apache" | "lighttpd";
  readonly how: string;
  readonly deployment?: DeploymentInput;
}

/** By a bridge, and in their own role. */
export const guardingServers: readonly GuardingServer[] = [
  { server: "nginx", how: "auth_request" },
  { server: "apache", how: "mod_authnz_fcgi" },
  { server: "lighttpd", how: "mod_fastcgi" },
];

/** What happens to the workers, and what may fail of it. */
export interface RolesEvent {
  readonly name: string;
  readonly plan: Plan;
  readonly limits: Scenario["limits"];
}

const mix = { allowed: 20, allowedLate: 15, denied: 20, deniedLate: 15, filtered: 10, get: 20 } as const;

/** The first three points of the drill with authorizer and filter. */
export function rolesEvents({ count = 8, time = 20_000, orphaned = 10_000 } = {}): RolesEvent[] {
  return [
    {
      name: `${count} reloads, every fourth broken`,
      plan: reloads({ count, broken: ["syntax", "throws"] }),
      limits: { failed: 0, oldAfterNew: 0, missingReleases: 0 },
    },
    {
      name: `kill -9 of random workers for ${time / 1_000} s`,
      plan: workerKills({ every: 2_000, time }),
      limits: { failedBesideKills: 0 },
    },
    { name: "kill -9 of the master", plan: masterKill({ intoReload: 100, orphaned }), limits: { failed: 0 } },
  ];
}

/** Authorizer and filter behind a Web server: what only an allowed request may see, nobody else sees. */
export function rolesScenario(web: GuardingServer, { name, plan, limits }: RolesEvent): Scenario {
  const { server, how, deployment } = web;
  const description = descriptionOf(...controllers);
  return drillScenario({
    group: "roles",
    name: `authorizer and filter behind ${server} (${how}): ${name}`,
    over: "tcp",
    mix,
    shape: { kind: "open", rate: 100 },
    front: ({ address, root }) => generated({ server, address, root, description, deployment }),
    plan,
    limits: { ...nothingLeft, leaked: 0, ...limits },
    more: ({ samples, moments }) => ({
      failedBesideKills: failedBesideKills(samples, moments),
      denied: samples.filter(({ kind, judgement }) => kind.startsWith("denied") && judgement.isGood).length,
      allowed: samples.filter(({ kind, judgement }) => kind.startsWith("allowed") && judgement.isGood).length,
    }),
  });
}

/** Each event behind each server. */
export function rolesScenarios(): Scenario[] {
  return guardingServers.flatMap((web) => rolesEvents().map((event) => rolesScenario(web, event)));
}
