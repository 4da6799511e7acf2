// Runs the unit and conformance tests with other versions of Node.js than the one that runs this: the oldest that is
// supported and each line that is maintained. Their binaries come from the npm package `node` and stay below
// node_modules/.cache/. Arguments are lines to run alone: `npm run test:node-versions -- 22 26`.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "./lock.mjs";

/** Exact versions, so that a run says the same tomorrow. The first is the one in `engines` of package.json. */
const versions = ["20.19.0", "22.23.3", "24.21.0", "26.10.0"];

/** What depends on Node.js and needs neither a Web server nor a browser. */
const folders = ["protocol", "roles", "decorators", "conformance", "server", "client", "testing"];

/** 1 GiB each way says nothing about a version that the small streams do not, and takes longer than all others. */
const excluded = ["test/conformance/large.test.ts"];

/** A version whose tests hang fails instead of holding up the others. */
const limitInSeconds = 180;

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = join(root, "node_modules", ".cache", "node-versions");

const chosen = choose(process.argv.slice(2));
const lines = [];
let isFailed = false;
for (const version of chosen) {
  const { passed, line } = await run(version);
  lines.push(line);
  console.log(line);
  if (!passed) isFailed = true;
}
if (isFailed) process.exitCode = 1;

/** @param {string[]} majors */
function choose(majors) {
  const unknown = majors.filter((major) => !versions.some((version) => version.split(".")[0] === major));
  if (unknown.length > 0) {
    console.error(`Cannot test with Node.js ${unknown.join(", ")}: the versions are ${versions.join(", ")}`);
    process.exit(1);
  }
  return versions.filter((version) => majors.length === 0 || majors.includes(version.split(".")[0] ?? ""));
}
