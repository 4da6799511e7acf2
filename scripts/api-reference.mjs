// Writes docs/api, the reference of the public names, from their doc comments: `npm run docs:api`. With `--check` it writes
// nothing, and fails if docs/api is not current. A broken link in a comment fails both.
// typedoc uses the TypeScript in scripts/api, because it cannot read TypeScript 7.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const current = join(root, "docs/api");

if (process.argv.includes("--check")) {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-api-"));
  try {
    write(folder);
    compare(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else {
  write(current);
}

/** @param {string} folder */
function write(folder) {
  const typedoc = join(root, "scripts/api/node_modules/typedoc/bin/typedoc");
  const { status } = spawnSync(process.execPath, [typedoc, "--out", folder], {
    cwd: join(root, "scripts/api"),
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`Cannot write the API reference: typedoc ended with ${status}`);
}

/** @param {string} folder */
function compare(folder) {
  const files = new Set([...readdirSync(folder), ...readdirSync(current)]);
  const changed = [...files].filter((file) => read(join(folder, file)) !== read(join(current, file)));
  if (changed.length === 0) {
    console.log("docs/api is up to date");
    return;
  }
  console.error("docs/api is out of date; run `npm run docs:api`. The first changed line of each file:");
  for (const file of changed) {
    const [before, after] = [read(join(current, file)), read(join(folder, file))].map((text) =>
      text.split("\n"),
    );
    const at = before.findIndex((line, index) => line !== after[index]);
    const line = at < 0 ? before.length : at;
    console.error(`${file}:${line + 1}\n- ${before[line] ?? "(nothing)"}\n+ ${after[line] ?? "(nothing)"}`);
  }
  process.exitCode = 1;
}

/** The text of a file, empty if it does not exist. @param {string} file */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
