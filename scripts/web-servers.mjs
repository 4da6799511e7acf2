// Generates docs/web-servers.md: `npm run docs:web-servers` runs the Web server tests for it.
// With the JSON report of a whole test run as its argument it only checks: it fails if the document differs from what that
// run gives. Versions are not compared, because they depend on the machine.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Report, webServersDocument, withoutVersions } from "../test/web-servers/document.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = join(root, "docs/web-servers.md");
const given = process.argv[2];

if (given === undefined) writeFileSync(path, webServersDocument(runTests()));
else check(given);

/** @returns {Report} */
function runTests() {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-docs-"));
  try {
    const file = join(folder, "results.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    // The test of the document itself checks the previous one; tests of written configurations are not in it.
    const excluded = ["--exclude", "**/document.test.ts", "--exclude", "test/web-servers/config/**"];
    const { status } = spawnSync("npx", ["vitest", "run", "test/web-servers", ...excluded, ...reporters], {
      cwd: root,
      stdio: "inherit",
    });
    // A failed test is in the document, too.
    if (status !== 0) process.exitCode = 1;
    return read(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} report */
function check(report) {
  const document = withoutVersions(readFileSync(path, "utf8")).split("\n");
  const result = withoutVersions(webServersDocument(read(report))).split("\n");
  const line = result.findIndex((text, index) => text !== document[index]);
  if (line < 0 && document.length === result.length) {
    console.log("docs/web-servers.md matches the test results");
    return;
  }
  const at = line < 0 ? result.length : line;
  console.error(
    `docs/web-servers.md does not match the test results; run \`npm run docs:web-servers\`. Line ${at + 1}:\n` +
      `- ${document[at] ?? "(nothing)"}\n+ ${result[at] ?? "(nothing)"}`,
  );
  process.exitCode = 1;
}

/** @param {string} file */
function read(file) {
  return Report.parse(JSON.parse(readFileSync(file, "utf8")));
}
