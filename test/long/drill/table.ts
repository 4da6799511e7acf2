import type { ScenarioResult } from "./scenario.js";

/** What one scenario found, over several lines. */
export function formatResult({ findings, faults, notJudged }: ScenarioResult): string {
  const { numbers, facts = {} } = findings;
  const lines = [
    Object.entries(numbers)
      .map(([name, number]) => `${name} ${number}`)
      .join(", "),
  ];
  for (const [name, fact] of Object.entries(facts)) lines.push(`${name}: ${JSON.stringify(fact)}`);
  if (notJudged.length > 0)
    lines.push(`not judged, because the machine has other work: ${notJudged.join(", ")}`);
  lines.push(faults.length === 0 ? "ok" : `FAILED: ${faults.join("; ")}`);
  return lines.map((line) => `  ${line}`).join("\n");
}

const columns = [
  "requests",
  "reloads",
  "failed",
  "retried",
  "errorLines",
  "oldAfterNew",
  "processesLeft",
  "leaked",
] as const;

/** The numbers that all scenarios have, one scenario a line. */
export function formatTable(results: readonly ScenarioResult[]): string {
  const rows = results.map(({ scenario, findings: { numbers }, faults }) => [
    scenario.name,
    ...columns.map((name) => String(numbers[name] ?? "")),
    faults.length === 0 ? "ok" : faults.join("; "),
  ]);
  const head = ["scenario", ...columns, "result"];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
