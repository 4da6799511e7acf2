import { reloads } from "../plans.js";
import { nothingLeft, type Scenario } from "../scenario.js";
import { cluster } from "../targets/cluster.js";
import { ownSockets } from "../targets/own-sockets.js";
import { phpFpm } from "../targets/php-fpm.js";
import { restarted } from "../targets/tricorn.js";
import { balanceScenarios } from "./balance.js";
import { drillScenario } from "./common.js";

/** What others lose in the same drill: there is nothing to assert of them, but that the drill sees it. */
export function peersScenarios({ count = 10 } = {}): Scenario[] {
  return [
    ...[cluster, phpFpm("0"), phpFpm("10s")].map((target) =>
      drillScenario({ group: "peers", name: target.name, target, plan: reloads({ count }), limits: {} }),
    ),
    drillScenario({
      group: "peers",
      name: restarted.name,
      target: restarted,
      workers: 1,
      plan: reloads({ count: 3 }),
      limits: { ...nothingLeft },
    }),
    ...balanceScenarios({ target: ownSockets, group: "peers" }),
  ];
}
