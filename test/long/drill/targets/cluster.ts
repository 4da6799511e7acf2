import { join } from "node:path";

import type { Target } from "./target.js";

/** node:cluster with a rolling restart. */
export const cluster: Target = {
  name: "node:cluster, rolling restart",
  command: ({ programs, releases, workers }) => [
    process.execPath,
    join(programs, "test/long/drill/apps/cluster.mjs"),
    releases.main,
    String(workers),
  ],
  env: ({ address }) => ({ TRICORN_LISTEN: address }),
  stopSignal: "SIGTERM",
  reload: () => ({ kind: "signal", signal: "SIGHUP" }),
};
