import { z } from "zod";

import type { Door } from "../support/web-servers/set-up.js";

const Facts = z.object({
  id: z.string(),
  server: z.string(),
  door: z.enum(["responder", "authorizer", "filter", "library", "starter"]),
  how: z.string(),
});

const TestResult = z.object({
  title: z.string(),
  status: z.string(),
  meta: z
    .object({ setUp: Facts.optional(), difference: z.string().optional(), version: z.string().optional() })
    .default({}),
});

/** The part of Vitest's JSON report that the document is made of. */
export const Report = z.object({
  testResults: z.array(z.object({ assertionResults: z.array(TestResult) })),
});
export type Report = z.output<typeof Report>;

type Facts = z.output<typeof Facts>;

/** What came out for one case in one set-up. */
interface Result {
  readonly passed: boolean;
  /** Why the Web server does otherwise than the case says. */
  readonly difference: string | undefined;
}

interface SetUpResults {
  readonly facts: Facts;
  readonly cases: ReadonlyMap<string, Result>;
}

const doors: Readonly<Record<Door, { readonly title: string; readonly about: string }>> = {
  responder: {
    title: "Responders",
    about:
      "The contract application behind each Web server: what arrives, what comes back, and what becomes of it when somebody leaves.",
  },
  authorizer: {
    title: "Authorizers",
    about:
      "A file or an answer that must never be seen by whom the authorizer has not let in, whatever fails.",
  },
  filter: {
    title: "Filters",
    about:
      "Files that pass through a filter, compared byte by byte with what comes through the filter role itself.",
  },
  library: {
    title: "The library",
    about: "The example of [examples/library](../examples/library), in which all three roles work together.",
  },
  starter: {
    title: "Starters",
    about: "Programs that start the application, or speak with it in the place of a Web server.",
  },
};

/** Everything that can be read off a test report: one file, made anew by each whole run. */
export function webServersDocument(report: Report): string {
  const setUps = setUpsOf(report);
  const sections = (Object.keys(doors) as Door[]).map((door) =>
    section(
      door,
      setUps.filter(({ facts }) => facts.door === door),
    ),
  );
  return `# Web servers

Made by \`npm run docs:web-servers\` of the results of the tests in [test/web-servers](../test/web-servers). Not to be edited by
hand: \`bash .ci/run\` fails where this page is not what its test run gives.

Each column is a set-up: the Web server as Debian packages it, with the configuration that \`tricorn config\` writes and no other
line, in front of a real socket. ✓ means that the test passed, ≠ that it passed and shows in what the server differs, for
a reason that stands below the table; no application can help it. ✗ means that it failed.

## Versions

What the programs say of themselves.

| program | version |
|---|---|
${versionsOf(report)
  .map(([server, version]) => `| ${server} | ${version} |`)
  .join("\n")}

${sections.join("\n")}`;
}

/** The document without the versions of the programs, which depend on the machine: to compare the rest. */
export function withoutVersions(document: string): string {
  return document.replace(/(?<=## Versions\n[^]*?\| version \|\n\|---\|---\|\n)[^]*?(?=\n\n)/, (table) =>
    table.replaceAll(/^(\| [^|]+ \|) [^|]+ \|$/gm, "$1"),
  );
}

function setUpsOf({ testResults }: Report): SetUpResults[] {
  const setUps = new Map<string, { facts: Facts; cases: Map<string, Result> }>();
  for (const { title, status, meta } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    if (meta.setUp === undefined) continue;
    const { id } = meta.setUp;
    if (!setUps.has(id)) setUps.set(id, { facts: meta.setUp, cases: new Map() });
    setUps.get(id)!.cases.set(title, { passed: status === "passed", difference: meta.difference });
  }
  return [...setUps.values()].sort((one, other) => one.facts.id.localeCompare(other.facts.id, "en"));
}

function versionsOf({ testResults }: Report): [string, string][] {
  const versions = new Map<string, string>();
  for (const { meta } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    if (meta.setUp !== undefined && meta.version !== undefined) versions.set(meta.setUp.server, meta.version);
  }
  return [...versions].sort(([one], [other]) => one.localeCompare(other, "en"));
}

function section(door: Door, setUps: readonly SetUpResults[]): string {
  const { title, about } = doors[door];
  return `## ${title}

${about}

| set-up | Web server | how | result |
|---|---|---|---|
${setUps.map(({ facts: { id, server, how }, cases }) => `| ${id} | ${server} | ${how} | ${summary(cases)} |`).join("\n")}

${caseTable(setUps)}
${differences(setUps)}`;
}

function summary(cases: ReadonlyMap<string, Result>): string {
  const results = [...cases.values()];
  const passed = results.filter((result) => result.passed);
  const differing = passed.filter(({ difference }) => difference !== undefined);
  const text = `${passed.length} of ${results.length} passed`;
  return differing.length === 0 ? text : `${text}, ${differing.length} with a difference`;
}

/** A row for each case, a column for each set-up. Set-ups need not have the same cases. */
function caseTable(setUps: readonly SetUpResults[]): string {
  const titles = [...new Set(setUps.flatMap(({ cases }) => [...cases.keys()]))];
  const head = `| | ${setUps.map(({ facts }) => facts.id).join(" | ")} |\n|---|${"---|".repeat(setUps.length)}`;
  const rows = titles.map(
    (title) => `| ${cell(title)} | ${setUps.map(({ cases }) => mark(cases.get(title))).join(" | ")} |`,
  );
  return `${[head, ...rows].join("\n")}\n`;
}

function mark(result: Result | undefined): string {
  if (result === undefined) return "";
  if (!result.passed) return "✗";
  return result.difference === undefined ? "✓" : "≠";
}

/** Each difference once, with the set-ups that have it. */
function differences(setUps: readonly SetUpResults[]): string {
  const reasons = new Map<string, string[]>();
  for (const { facts, cases } of setUps) {
    for (const [title, { passed, difference }] of cases) {
      if (!passed || difference === undefined) continue;
      const key = `${title}\n${difference}`;
      reasons.set(key, [...(reasons.get(key) ?? []), facts.id]);
    }
  }
  return [...reasons]
    .map(([key, ids]) => {
      const [title, because] = key.split("\n");
      return `- *${title}*: ${because} (${ids.join(", ")})\n`;
    })
    .join("");
}

function cell(text: string): string {
  return text.replaceAll("|", String.raw`\|`);
}
