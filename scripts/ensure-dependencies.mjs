// Installs the npm dependencies if they are missing or differ from package-lock.json, so that `npm test`
// and `npm start` work in a fresh clone. The argument is another folder of the repository with a package.json.
// Uses only Node's own modules: nothing else is installed yet.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "./lock.mjs";

const root = join(fileURLToPath(new URL("..", import.meta.url)), process.argv[2] ?? "");

if (!areInstalled()) {
  const name = `npm-${createHash("sha256").update(root).digest("hex").slice(0, 12)}`;
  await withLock(name, () => {
    if (areInstalled()) return; // by the previous holder of the lock
    console.log("Installing npm dependencies (npm ci) ...");
    const started = Date.now();
    install();
    console.log(`Installed npm dependencies in ${Math.round((Date.now() - started) / 1000)} s`);
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
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
    const found = installed[path];
    return path === "" || (found ? found.version === version : optional === true || devOptional === true);
  });
}

/**
 * @param {string} file relative to the folder
 * @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }> | undefined}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  } catch {
    return undefined;
  }
}

/**
 * `npm ci` refuses a lock file without the optional packages of other platforms, such as one made with an incomplete
 * registry. `npm install --no-save` accepts it, installs the same versions and does not change it.
 */
function install() {
  const common = ["--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
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
