// Installs the npm dependencies if they are missing or differ from package-lock.json, so that `npm test`
// and `npm start` work in a fresh clone: `ensure-dependencies.mjs [folder] [--omit=dev]`. The folder is another one of the
// repository with a package.json; with `--omit=dev` only what `npm start` needs has to be there.
// Uses only Node's own modules: nothing else is installed yet.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { withLock } from "./lock.mjs";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { omit: { type: "string" } } });
const omitsDev = values.omit === "dev";
const root = join(fileURLToPath(new URL("..", import.meta.url)), positionals[0] ?? "");

if (!areInstalled()) {
  const name = `npm-${createHash("sha256").update(root).digest("hex").slice(0, 12)}`;
  await withLock(name, () => {
    if (areInstalled()) return; // by the previous holder of the lock
    const needs = omitsDev
      ? `what the example needs: ${directDependencies().join(", ")}`
      : "npm dependencies";
    console.log(`Installing ${needs} (npm ci, only this time) ...`);
    const started = Date.now();
    install();
    const seconds = Math.round((Date.now() - started) / 1000);
    const count = Object.keys(packagesOf("node_modules/.package-lock.json") ?? {}).filter(isPackage).length;
    console.log(`Installed ${count} packages, ${sizeOf(join(root, "node_modules"))} MB, in ${seconds} s`);
  });
}

/**
 * Compares npm's record in node_modules with the lock file. Contents, not times: a checkout touches the lock file
 * without changing it. Optional packages may be absent, they belong to other platforms.
 */
function areInstalled() {
  const wanted = packagesOf("package-lock.json");
  const installed = packagesOf("node_modules/.package-lock.json");
  if (!wanted) throw new Error("Cannot install npm dependencies: package-lock.json is missing");
  if (!installed) return false;
  return Object.entries(wanted).every(([path, { version, link, dev, optional, devOptional }]) => {
    // A workspace is part of the repository.
    if (!isPackage(path) || link === true || (omitsDev && dev === true)) return true;
    const found = installed[path];
    return found ? found.version === version : optional === true || devOptional === true;
  });
}

/** Whether a path of a lock file is that of an installed package. @param {string} path */
function isPackage(path) {
  return path.includes("node_modules/");
}

/**
 * @param {string} file relative to the folder
 * @returns {Record<string, { version?: string, link?: boolean, dev?: boolean, optional?: boolean, devOptional?: boolean, dependencies?: Record<string, string> }> | undefined}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** The names of the packages that the repository's own code imports, without tools of its development. */
function directDependencies() {
  const own = Object.entries(packagesOf("package-lock.json") ?? {}).filter(([path]) => !isPackage(path));
  return [...new Set(own.flatMap(([, { dependencies = {} }]) => Object.keys(dependencies)))].sort();
}

/** The size of a folder in MB, rounded. @param {string} folder */
function sizeOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  return Math.round(bytes / 1e6);
}

/**
 * `npm ci` refuses a lock file without the optional packages of other platforms, such as one made with an incomplete
 * registry. `npm install --no-save` accepts it, installs the same versions and does not change it.
 */
function install() {
  const common = [omitsDev ? "--omit=dev" : "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const attempts = [
    ["ci", ...common],
    ["install", "--no-save", ...common],
  ];
  for (const args of attempts) {
    const { status, signal, error, stderr } = npm(args);
    if (status === 0) return;
    const fact = error?.message ?? `it ended with ${signal ?? `exit code ${status}`}`;
    console.error(`Cannot install npm dependencies: \`npm ${args.join(" ")}\` failed: ${fact}`);
    console.error(String(stderr).split("\n").slice(0, 8).join("\n"));
  }
  process.exit(1);
}

/** @param {string[]} args */
function npm(args) {
  const running = process.env["npm_execpath"]; // the npm that runs this script, if any
  /** @type {import("node:child_process").SpawnSyncOptions} */
  const options = { cwd: root, stdio: ["ignore", "ignore", "pipe"] };
  return running?.endsWith("npm-cli.js")
    ? spawnSync(process.execPath, [running, ...args], options)
    : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
}
