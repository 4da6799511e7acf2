import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import type { ProfiledFunction, Profile } from "./case.js";
import type { LoadRun } from "./load.js";
import type { Counts } from "./peers/memory-counters.js";
import type { ServerProcess } from "./server-process.js";
import { formatFigure, type Table } from "./table.js";
import { resultsFolder } from "./workplace.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const file = join(resultsFolder, "profile.json");

/** Waiting, and the start and end of the profiler itself. */
const NO_WORK = new Set(["(idle)", "dispatch"]);

/** Less than this share of the time is not shown on its own. */
const SMALLEST = 0.005;

/** Profiles a server of Node.js during so many requests. */
export async function profileOf(server: ServerProcess, run: LoadRun, requests: number): Promise<Profile> {
  await server.ask("sample functions");
  await run.slice({ requests });
  return { functions: functionsOf(await server.ask("report"), requests) };
}

function functionsOf(times: Counts, requests: number): ProfiledFunction[] {
  const sources = new Map<string, readonly string[]>();
  return Object.entries(times)
    .map(([key, time]) => {
      const [name = "", url = "", line = ""] = key.split("\t");
      const where = url.startsWith("file:") ? sourceOf(fileURLToPath(url), Number(line), sources) : url;
      return { name: name === "" ? "(anonymous)" : name, file: where, time: time / requests };
    })
    .filter(({ name, file: where }) => where !== "" || !NO_WORK.has(name))
    .sort((one, other) => other.time - one.time);
}

/** The bundles of the package name the source of what follows in comments of their own lines. */
function sourceOf(path: string, line: number, sources: Map<string, readonly string[]>): string {
  const lines = sources.get(path) ?? readFileSync(path, "utf8").split("\n");
  sources.set(path, lines);
  for (let at = Math.min(line, lines.length - 1); at >= 0; at -= 1) {
    const [, source] = /^\/\/ (src\/\S+\.ts)$/.exec(lines[at]!) ?? [];
    if (source !== undefined) return source;
  }
  return relative(root, path).replace(/^.*node_modules\//, "");
}

/** The time by owners, then by functions. */
export function profileTable({ functions }: Profile): Table {
  const all = functions.reduce((sum, { time }) => sum + time, 0);
  const row = (name: string, where: string, time: number): string[] => [
    name,
    where,
    formatFigure(time),
    `${((time / all) * 100).toFixed(1)} %`,
  ];
  const owners = new Map<string, number>();
  for (const one of functions) owners.set(ownerOf(one), (owners.get(ownerOf(one)) ?? 0) + one.time);
  const shown = functions.filter(({ time }) => time / all >= SMALLEST);
  const rest = functions.slice(shown.length);
  return [
    ["function", "file", "µs per request", "share"],
    ...[...owners]
      .sort(([, one], [, other]) => other - one)
      .map(([owner, time]) => row(`**${owner}**`, "", time)),
    ...shown.map(({ name, file: where, time }) => row(name, where, time)),
    row(
      `${rest.length} more`,
      "",
      rest.reduce((sum, { time }) => sum + time, 0),
    ),
  ];
}

function ownerOf({ name, file: where }: ProfiledFunction): string {
  if (name === "(garbage collector)") return "collections";
  if (where === "") return "system calls, and C++ of Node.js and V8";
  if (where.startsWith("node:")) return "JavaScript of Node.js";
  return where.startsWith("src/") ? "Tricorn" : "the handler and other packages";
}

/** Saves the profile of the smallest request. */
export function saveProfile(profile: Profile): void {
  writeFileSync(file, `${JSON.stringify(profile, undefined, 2)}\n`);
}

/** The last one that was saved. */
export function savedProfile(): Profile | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Profile) : undefined;
}
