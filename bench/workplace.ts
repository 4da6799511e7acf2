import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { LARGE } from "./peers/bodies.js";

/** The folder of compiled servers and results, which Git ignores. */
export const resultsFolder = fileURLToPath(new URL("results/", import.meta.url));

/** The sources of the measured servers. */
export const peersFolder = fileURLToPath(new URL("peers/", import.meta.url));

/** The compiled servers of this project, in the same folders as their sources. */
export const buildFolder = join(resultsFolder, "build", "bench", "peers");

mkdirSync(resultsFolder, { recursive: true });

/** A temporary folder of this run for sockets and requests, removed when the process ends. */
export const runFolder = mkdtempSync(join(tmpdir(), "tricorn-bench-"));
process.on("exit", () => rmSync(runFolder, { recursive: true, force: true }));

let files = 0;

/** An unused path. */
export function freshPath(name: string): string {
  files += 1;
  return join(runFolder, `${files}-${name}`);
}

/** A folder with a file for filters, file.txt. */
export const filteredFolder = freshPath("filtered");
mkdirSync(filteredFolder);
writeFileSync(join(filteredFolder, "file.txt"), LARGE);
