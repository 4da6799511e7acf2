// Runs the unit and conformance tests with other versions of Node.js than the current one: the oldest supported
// one and each line after it. Their binaries come from the npm package `node` and are kept below
// node_modules/.cache/. Arguments select lines: `npm run test:node-versions -- 22 26`.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "./lock.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = join(root, "node_modules", ".cache", "node-versions");
const isWindows = process.platform === "win32";

/** Exact versions, so that runs are repeatable. */
const versions = [oldestSupported(), "22.23.3", "24.21.0", "26.10.0"];

/** Tests that need neither a Web server nor a browser. */
const folders =
  "protocol http paths body log roles decorators server client testing adapters conformance".split(" ");

/** Tests of what the supervisor does with functions of Node.js that are not public, and of what V8 tells of promises. */
const files = [
  "supervisor/processes/reload.test.ts",
  "supervisor/processes/lost-master.test.ts",
  "serve/slow-log.test.ts",
];

/** Hanging tests fail their version without blocking the others. A run takes 70 to 110 s. */
const limit = 300_000;

let failures = 0;
for (const version of chosen(process.argv.slice(2))) {
  const started = Date.now();
  const { hasPassed, fact } = await test(version);
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`Node.js ${version}: ${hasPassed ? "passed" : "FAILED"}, ${fact} (${seconds} s)`);
  if (!hasPassed) failures++;
}
if (failures > 0) process.exitCode = 1;

function oldestSupported() {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const [, version] = /^>=(\d+\.\d+\.\d+)$/.exec(engines.node) ?? [];
  if (version === undefined)
    throw new Error(`Cannot read engines.node: it is ${engines.node}, expected >=x.y.z`);
  return version;
}

/** @param {string[]} majors */
function chosen(majors) {
  const unknown = majors.filter((major) => !versions.some((version) => majorOf(version) === major));
  if (unknown.length > 0) {
    console.error(`Cannot test with Node.js ${unknown.join(", ")}: the versions are ${versions.join(", ")}`);
    process.exit(1);
  }
  return versions.filter((version) => majors.length === 0 || majors.includes(majorOf(version)));
}

/** @param {string} version */
function majorOf(version) {
  return version.replace(/\..*/, "");
}

/**
 * @param {string} version
 * @returns {Promise<{ hasPassed: boolean, fact: string }>}
 */
async function test(version) {
  const binary = binaryIn(join(cache, majorOf(version)));
  const problem = await provide(version, binary);
  if (problem !== undefined) return { hasPassed: false, fact: problem };

  const folder = mkdtempSync(join(tmpdir(), "tricorn-node-"));
  try {
    const log = join(folder, "log");
    const report = join(folder, "report.json");
    const end = await runVitest(binary, { log, report });
    const counted = spawnSync(process.execPath, [join(root, "scripts", "count-tests.mjs"), report], {
      encoding: "utf8",
    });
    const hasPassed = end === 0 && counted.status === 0;
    if (!hasPassed) console.log(readFileSync(log, "utf8"));
    const counts = counted.stdout.trim().split("\n").join(", ");
    // Vitest also exits with 1 if all tests passed, but an error belonged to no test.
    return { hasPassed, fact: hasPassed ? counts : `${counts}; Vitest ended with ${end}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} binary
 * @param {{ log: string, report: string }} files
 * @returns {Promise<number | string>} the exit code, or the reason for its end
 */
function runVitest(binary, { log, report }) {
  const args = [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    ...folders.map((folder) => `test/${folder}/`),
    ...files.map((file) => `test/${file}`),
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const output = openSync(log, "w");
  const child = spawn(binary, args, {
    cwd: root,
    // `node` in the PATH of a test is this version too.
    env: { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env["PATH"] ?? ""}` },
    stdio: ["ignore", output, output],
    detached: !isWindows, // a new process group, so that its workers end with it
  });
  closeSync(output);

  return new Promise((resolve) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      kill(child);
    }, limit);
    const interrupted = (/** @type {NodeJS.Signals} */ signal) => {
      kill(child);
      rmSync(dirname(log), { recursive: true, force: true }); // no `finally` runs after exit
      process.exit(signal === "SIGINT" ? 130 : 143);
    };
    process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
    const finish = (/** @type {number | string} */ end) => {
      clearTimeout(timer);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
      resolve(isLate ? `SIGKILL after ${limit / 1000} s` : end);
    };
    child.once("error", (error) => finish(error.message));
    child.once("exit", (code, signal) => finish(code ?? signal ?? "unknown"));
  });
}

/** @param {import("node:child_process").ChildProcess} child */
function kill({ pid }) {
  if (pid === undefined) return;
  try {
    process.kill(isWindows ? pid : -pid, "SIGKILL");
  } catch {
    // It ended in the meantime.
  }
}

/** @param {string} prefix where the package `node` was installed */
function binaryIn(prefix) {
  return join(prefix, "node_modules", "node", "bin", isWindows ? "node.exe" : "node");
}

/** @param {string} binary @param {string} version */
function isVersion(binary, version) {
  return spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout?.trim() === `v${version}`;
}

/**
 * Installs a version if it is missing or another one of its line is installed.
 *
 * @param {string} version
 * @param {string} binary where it is expected
 * @returns {Promise<string | undefined>} why it could not be installed
 */
async function provide(version, binary) {
  if (isVersion(binary, version)) return undefined;
  /** @type {string | undefined} */
  let problem;
  const checkout = createHash("sha256").update(root).digest("hex").slice(0, 12);
  await withLock(`node-versions-${checkout}`, () => {
    if (!isVersion(binary, version)) problem = install(version); // or the previous holder of the lock has
  });
  return problem;
}

/** @param {string} version */
function install(version) {
  const target = join(cache, majorOf(version));
  const draft = `${target}.new`; // so that an interrupted installation is not used
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const args = ["install", "--prefix", draft, "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, signal, error, stderr } = npm([...args, `node@${version}`]);
  if (status !== 0) {
    console.error(String(stderr).split("\n").slice(0, 8).join("\n"));
    return `cannot be installed: npm failed: ${error?.message ?? `it ended with ${signal ?? `exit code ${status}`}`}`;
  }
  // The package fetches the binary of this platform in its install script, which npm may be configured to skip.
  if (!isVersion(binaryIn(draft), version))
    return `cannot be installed: npm brought no binary that is ${version}`;
  rmSync(target, { recursive: true, force: true });
  renameSync(draft, target);
  return undefined;
}

/** @param {string[]} args */
function npm(args) {
  const running = process.env["npm_execpath"]; // the npm that runs this script, if any
  /** @type {import("node:child_process").SpawnSyncOptions} */
  const options = { cwd: root, stdio: ["ignore", "ignore", "pipe"], timeout: 300_000 };
  return running?.endsWith("npm-cli.js")
    ? spawnSync(process.execPath, [running, ...args], options)
    : spawnSync("npm", args, { ...options, shell: isWindows });
}
