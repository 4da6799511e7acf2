// Writes docs/performance.md and its chart from the last results: `npm run docs:performance`. No figure in the document is
// typed by hand.
import { readFileSync, writeFileSync } from "node:fs";

import { allCases } from "./all-cases.js";
import type { Profile } from "./case.js";
import { chartOf } from "./chart.js";
import { profileTable, savedProfile } from "./profile.js";
import { savedResults, type SavedResult } from "./saved-results.js";
import { asMarkdown, goalsTable, tableOf, tablesOf, type MetricFilter } from "./table.js";

const saved = savedResults();
const results = allCases().flatMap(({ name }) => saved.get(name) ?? []);
const [first] = results;
if (first === undefined)
  throw new Error("Cannot write the document: there are no results; run `npm run bench` first");

const template = readFileSync(new URL("performance.template.md", import.meta.url), "utf8");
const document = template.replaceAll(/^\{\{(\w+)(?: ([\w-]+))?\}\}$/gm, (_, kind: string, name = "") => {
  switch (kind) {
    case "machine":
      return machineOf(results);
    case "goals":
      return asMarkdown(goalsTable(results.map(({ result }) => result)));
    case "times":
      return tables(({ counted }) => counted !== true);
    case "counts":
      return tables(({ counted }) => counted === true);
    case "case":
      return asMarkdown(tableOf(resultOf(name).result));
    case "profile":
      return asMarkdown(profileTable(profileOrThrow()));
    default:
      throw new Error(`Cannot write the document: {{${kind}}} is unknown`);
  }
});

const docs = new URL("../docs/", import.meta.url);
writeFileSync(new URL("performance.md", docs), document);
writeFileSync(new URL("performance.svg", docs), chartOf(results.map(({ result }) => result)));

function profileOrThrow(): Profile {
  const profile = savedProfile();
  if (profile === undefined)
    throw new Error(
      "Cannot write the document: there is no profile; run `npm run bench -- --case hello` first",
    );
  return profile;
}

function tables(filter: MetricFilter): string {
  const cases = results.map(({ result }) => result).filter(({ name }) => name !== "paper");
  return tablesOf(cases, filter).map(asMarkdown).join("\n\n");
}

function resultOf(name: string): SavedResult {
  const found = saved.get(name);
  if (found === undefined) throw new Error(`Cannot write the document: the case ${name} has not been run`);
  return found;
}

/** Cases may be measured separately, but on one machine. */
function machineOf(list: readonly SavedResult[]): string {
  const { node, processor, system } = first!.machine;
  const rounds = Math.min(...list.map(({ machine }) => machine.rounds));
  const absent = [...new Set(list.flatMap(({ machine }) => machine.absent))];
  return [
    `Node.js ${node}, ${processor}, ${system}; ${rounds} interleaved slices of each contender.`,
    ...absent.map((why) => `${why}.`),
  ].join("\n");
}
