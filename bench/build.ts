import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { isProgram } from "../scripts/debian-packages.mjs";
import { loadProgram } from "./load.js";
import { absenceOf, peers } from "./peers.js";
import { peersFolder, resultsFolder } from "./workplace.js";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Compiles the load generator and every server that can be measured here. */
export function build(): void {
  if (!isProgram("cc")) {
    throw new Error("Cannot compile the load generator: the Debian packages gcc and libc6-dev are missing");
  }
  const sources = ["load.c", "options.c", "answer.c", "measure.c"].map((file) => join(here, "load", file));
  run("cc", ["-O2", "-Wall", "-Wextra", "-Werror", "-o", loadProgram, ...sources]);
  const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
  run(process.execPath, [tsc, "-p", join(here, "tsconfig.peers.json")]);
  if (absenceOf(peers.libfcgi) === undefined) {
    run("cc", ["-O2", "-o", join(resultsFolder, "libfcgi"), join(peersFolder, "libfcgi.c"), "-lfcgi"]);
  }
  if (absenceOf(peers.go) === undefined) {
    run("go", ["build", "-o", join(resultsFolder, "go-fcgi"), join(peersFolder, "go-fcgi.go")]);
  }
}

function run(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, {
    stdio: "inherit",
    env: { ...process.env, GOCACHE: join(resultsFolder, "go-cache"), GOFLAGS: "-mod=mod" },
  });
  if (status !== 0) throw new Error(`Cannot compile: ${program} ended with ${error?.message ?? status}`);
}
