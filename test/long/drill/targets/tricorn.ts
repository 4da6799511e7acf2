import { join } from "node:path";

import type { Target, TargetPlace } from "./target.js";

/** The command `tricorn` as it was compiled. */
export function tricornCommand({ programs }: Pick<TargetPlace, "programs">): [string, string] {
  return [process.execPath, join(programs, "src/cli/main.mjs")];
}

/** How {@link tricornWith} starts and reloads. */
export interface TricornOptions {
  /** Options of `tricorn serve`, beside those that each drill needs. */
  readonly options?: readonly string[];
  readonly reloadBy?: "signal" | "command";
  readonly application?: string;
}

/** `tricorn serve` with several workers. */
export function tricornWith({ options = [], reloadBy = "signal", application }: TricornOptions = {}): Target {
  return {
    name: ["tricorn serve", ...options].join(" "),
    command: (place) => [
      ...tricornCommand(place),
      "serve",
      place.releases.main,
      "--workers",
      String(place.workers),
      "--control",
      controlOf(place),
      "--pid-file",
      join(place.run, "pid"),
      // Root has to name a user.
      ...(process.getuid?.() === 0 ? ["--user", "root"] : []),
      ...options,
    ],
    env: ({ address }) => ({ TRICORN_LISTEN: address }),
    ...(application !== undefined && { application }),
    stopSignal: "SIGTERM",
    reload: (place) =>
      reloadBy === "signal"
        ? { kind: "signal", signal: "SIGHUP" }
        : {
            kind: "command",
            command: [...tricornCommand(place), "reload", "--wait", "--control", controlOf(place)],
          },
    alone: {
      processes: ({ workers }) => workers,
      command: ({ releases }) => [process.execPath, releases.main],
      isReady: /Listening on \S+ for FastCGI/,
    },
  };
}

/** The control socket of such a target. */
export function controlOf({ run }: Pick<TargetPlace, "run">): string {
  return join(run, "control");
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
