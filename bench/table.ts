import { OURS, type Metric } from "./case.js";
import type { Spread } from "./ratios.js";
import type { CaseResult, GoalResult, Row } from "./run-case.js";

/** A table as rows of cells, its heading first. */
export type Table = readonly (readonly string[])[];

/** The figures of a case, and Tricorn's ratio to each contender in the first one. */
export function tableOf(result: CaseResult): Table {
  return [headOf(result), ...rowsOf(result)];
}

/** One table per set of metrics, with the title of each case above its rows. */
export function tablesOf(results: readonly CaseResult[]): Table[] {
  const tables = new Map<string, string[][]>();
  for (const result of results) {
    const head = headOf(result);
    const key = head.join();
    const rows = tables.get(key) ?? [head];
    tables.set(key, rows);
    rows.push([`**${result.title}**`, ...head.slice(1).map(() => "")], ...rowsOf(result));
  }
  return [...tables.values()];
}

function headOf({ metrics }: CaseResult): string[] {
  return ["", ...metrics.map(({ label, unit }) => `${label}, ${unit}`), "ratio"];
}

function rowsOf({ metrics, rows }: CaseResult): string[][] {
  return rows.map((row) => [
    row.name,
    ...metrics.map(({ key }) => formatFigure(row.figures[key]!.median)),
    ratioCell(row, metrics[0]!),
  ]);
}

function ratioCell({ name, ratios }: Row, { key }: Metric): string {
  return name === OURS ? "" : formatRatio(ratios[key]!);
}

/** A median with its spread. */
function formatRatio({ median, least, most }: Spread): string {
  return `${formatFigure(median)} (${formatFigure(least)}–${formatFigure(most)})`;
}

/** Three digits exceed the precision of these measurements. */
export function formatFigure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-GB");
  return value.toFixed(value >= 10 ? 1 : 2);
}

/** Goals and results; a case has its title in its first row. */
export function goalsTable(results: readonly CaseResult[]): Table {
  return [
    ["case", "goal", "measured"],
    ...results.flatMap((result) =>
      result.goals.map((goal, index) => [index === 0 ? result.title : "", ...goalCells(result, goal)]),
    ),
  ];
}

function goalCells({ metrics }: CaseResult, goal: GoalResult): string[] {
  const { label, unit } = metrics.find(({ key }) => key === goal.metric)!;
  const bound = goal.atMost === undefined ? `≥ ${goalFigure(goal.atLeast!)}` : `≤ ${goalFigure(goal.atMost)}`;
  const measure = goal.against === undefined ? ` ${unit}` : ` of ${goal.against}`;
  return [`${label} ${bound}${measure}`, `${formatRatio(goal.reached)}${goal.met ? "" : ", missed"}`];
}

function goalFigure(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** For a terminal. */
export function asText(table: Table): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join("  "),
    )
    .join("\n");
}

/** For a document. */
export function asMarkdown(table: Table): string {
  const [heading = [], ...rows] = table;
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(heading),
    `|${heading.map((_, column) => (column === 0 ? "---" : "--:")).join("|")}|`,
    ...rows.map(line),
  ].join("\n");
}
