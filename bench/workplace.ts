import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where compiled servers and results are kept. Git does not see it. */
export const resultsFolder = fileURLToPath(new URL("results/", import.meta.url));

/** The sources of the servers that are measured. */
export const peersFolder = fileURLToPath(new URL("peers/", import.meta.url));

/** The compiled servers of this project's own, as they lie below the project. */
export const buildFolder = join(resultsFolder, "build", "bench", "peers");

mkdirSync(resultsFolder, { recursive: true });

/** A folder of this run, for sockets and requests; gone when the process ends. */
export const runFolder = mkdtempSync(join(tmpdir(), "tricorn-bench-"));
process.on("exit", () => rmSync(runFolder, { recursive: true, force: true }));

let files = 0;

/** A path that nobody uses yet. */
export function freshPath(name: string): string {
  files += 1;
  return join(runFolder, `${files}-${name}`);
}
