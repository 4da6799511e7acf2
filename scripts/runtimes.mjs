// Runs the example library with Bun and Deno, on the built package, and requests all three roles by HTTP: `npm run test:runtimes`.
// Their binaries come from the npm packages in scripts/runtimes.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const binaries = join(root, "scripts/runtimes/node_modules/.bin");
const { dependencies: versions } = JSON.parse(
  readFileSync(join(root, "scripts/runtimes/package.json"), "utf8"),
);

/** The arguments in front of the program, by the runtime. */
const runtimes = { bun: [], deno: ["run", "--allow-all"] };

/** The requests, and a part of each answer. */
const credentials = `Basic ${Buffer.from("ada:lovelace").toString("base64")}`;
const requests = [
  { role: "Responder", path: "books/1", headers: {}, status: 200, part: '"title":' },
  { role: "Responder", path: "books/x", headers: {}, status: 400, part: '"in":"path"' },
  { role: "Authorizer", path: "members/welcome.html", headers: {}, status: 401, part: "Unauthorized" },
  {
    role: "Filter",
    path: "members/welcome.html",
    headers: { authorization: credentials },
    status: 200,
    part: "Welcome, Ada Lovelace",
  },
];

/** The time-out for a hanging runtime, in milliseconds. */
const limit = 30_000;

const folder = realpathSync(mkdtempSync(join(tmpdir(), "tricorn-runtimes-")));
try {
  const program = compile();
  for (const [name, args] of Object.entries(runtimes)) await run(name, [...args, program]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Compiles the library as a user's project and returns its main file. */
function compile() {
  const config = join(folder, "tsconfig.json");
  const typeRoots = [join(root, "node_modules/@types")];
  const compilerOptions = { noEmit: false, rootDir: root, outDir: folder, typeRoots };
  const include = [join(root, "examples/library")];
  writeFileSync(config, JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, include }));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", config], { encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot compile the example:\n${stdout}`);

  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  for (const name of ["bcryptjs", "markdown-it", "zod"]) link(join("node_modules", name));
  for (const part of ["dist", "package.json", "node_modules"]) link(part, join("node_modules/tricorn", part));
  for (const part of ["content", "data", "port.mjs"]) {
    const path = join("examples/library", part);
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  return join(folder, "examples/library/main.js");
}

/** @param {string} path in the repository @param {string} place in the folder */
function link(path, place = path) {
  mkdirSync(dirname(join(folder, place)), { recursive: true });
  symlinkSync(join(root, path), join(folder, place));
}

/** @param {string} name @param {string[]} args */
async function run(name, args) {
  const child = spawn(join(binaries, name), args, {
    cwd: folder,
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true, // a new process group: a script may start the binary
  });
  const late = setTimeout(() => stop(child, "SIGKILL"), limit);
  const ended = once(child, "exit");
  try {
    const url = await addressOf(child);
    for (const request of requests) await check(url, request);
    stop(child, "SIGTERM");
    const [code] = await ended;
    if (code !== 0) throw new Error(`the library ended with ${code} after SIGTERM`);
    console.log(`${name} ${versions[name]}: ${requests.length} requests passed`);
  } catch (error) {
    console.error(`${name} ${versions[name]}: FAILED: ${error.message}`);
    process.exitCode = 1;
  } finally {
    stop(child, "SIGKILL");
    await ended;
    clearTimeout(late);
  }
}

/** The address that the library prints. @param {import("node:child_process").ChildProcess} child */
async function addressOf(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /^Library: (\S+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error("the library ended before it had an address");
}

/** @param {string} url @param {typeof requests[number]} request */
async function check(url, { role, path, headers, status, part }) {
  const response = await fetch(new URL(path, url), { headers, signal: AbortSignal.timeout(limit) });
  const text = await response.text();
  if (response.status !== status || !text.includes(part))
    throw new Error(
      `${role}: GET /${path}: ${response.status}, expected ${status} with ${part}: ${text.slice(0, 200)}`,
    );
}

/** @param {import("node:child_process").ChildProcess} child @param {NodeJS.Signals} signal */
function stop({ pid }, signal) {
  if (pid === undefined) return; // it could not be started
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended in the meantime.
  }
}
