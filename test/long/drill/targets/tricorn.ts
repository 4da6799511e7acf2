import { join } from "node:path";

import type { Target, TargetPlace } from "./target.js";

/** The command `tricorn` as it was compiled. */
export function tricornCommand({ programs }: Pick<TargetPlace, "programs">): [string, string] {
  return [process.execPath, join(programs, "src/cli/main.mjs")];
}

/** `tricorn serve` with several workers, and with more options. */
export function tricornWith(...options: readonly string[]): Target {
  return {
    name: ["tricorn serve", ...options].join(" "),
    command: (place) => [
      ...tricornCommand(place),
      "serve",
      place.releases.main,
      "--workers",
      String(place.workers),
      // The folders of the drill are its own.
      ...(process.getuid!() === 0 ? ["--user", "root"] : []),
      ...options,
    ],
    env: ({ address }) => ({ TRICORN_LISTEN: address }),
    stopSignal: "SIGTERM",
    reload: () => ({ kind: "signal", signal: "SIGHUP" }),
    alone: {
      processes: ({ workers }) => workers,
      command: ({ releases }) => [process.execPath, releases.main],
      isReady: /Listening on \S+ for FastCGI/,
    },
  };
}

/** `tricorn serve` with its defaults. */
export const tricorn: Target = tricornWith();

/** A plain program that ends and starts again. */
export const restarted: Target = {
  name: "stop, then start",
  command: ({ releases }) => [process.execPath, releases.main],
  env: ({ address }) => ({ TRICORN_LISTEN: address }),
  stopSignal: "SIGTERM",
  reload: () => ({ kind: "restart" }),
};
