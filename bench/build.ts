import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { isProgram } from "../scripts/debian-packages.mjs";
import { loadProgram } from "./load.js";
import { absenceOf, peers } from "./peers.js";
import { buildFolder, peersFolder, resultsFolder } from "./workplace.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../", import.meta.url));

/** Builds the package, and compiles the load generator and every server that can be measured here, if their sources changed. */
export function build(): void {
  if (!isProgram("cc")) {
    throw new Error("Cannot compile the load generator: the Debian packages gcc and libc6-dev are missing");
  }
  if (
    isOlder("dist/index.js", [
      "src",
      "scripts/bundle.mjs",
      "package.json",
      "tsconfig.json",
      "tsconfig.build.json",
    ])
  )
    run("npm", ["run", "--silent", "build"]);
  const sources = ["load.c", "options.c", "answer.c", "measure.c"].map((file) => join(here, "load", file));
  if (isOlder(loadProgram, ["bench/load"]))
    run("cc", ["-O2", "-Wall", "-Wextra", "-Werror", "-o", loadProgram, ...sources]);
  if (isOlder(join(buildFolder, "tricorn.js"), ["bench/peers", "bench/tsconfig.peers.json", "dist/index.js"]))
    run(process.execPath, [
      join(root, "node_modules/typescript/bin/tsc"),
      "-p",
      join(here, "tsconfig.peers.json"),
    ]);
  const libfcgi = join(resultsFolder, "libfcgi");
  if (absenceOf(peers.libfcgi) === undefined && isOlder(libfcgi, ["bench/peers/libfcgi.c"]))
    run("cc", ["-O2", "-o", libfcgi, join(peersFolder, "libfcgi.c"), "-lfcgi"]);
  const go = join(resultsFolder, "go-fcgi");
  if (absenceOf(peers.go) === undefined && isOlder(go, ["bench/peers/go-fcgi.go"]))
    run("go", ["build", "-o", go, join(peersFolder, "go-fcgi.go")]);
}

/** Whether a file is missing or older than one of these files and folders of the project. */
function isOlder(file: string, sources: readonly string[]): boolean {
  const path = resolve(root, file);
  if (!existsSync(path)) return true;
  const built = statSync(path).mtimeMs;
  return sources.some((source) => newestOf(join(root, source)) > built);
}

function newestOf(path: string): number {
  const facts = statSync(path);
  if (!facts.isDirectory()) return facts.mtimeMs;
  return Math.max(facts.mtimeMs, ...readdirSync(path).map((name) => newestOf(join(path, name))));
}

function run(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, {
    stdio: "inherit",
    env: { ...process.env, GOCACHE: join(resultsFolder, "go-cache"), GOFLAGS: "-mod=mod" },
  });
  if (status !== 0) throw new Error(`Cannot compile: ${program} ended with ${error?.message ?? status}`);
}
