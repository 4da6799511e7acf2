import type { Metric } from "./case.js";
import { judge, type JudgedGoal } from "./goals.js";
import type { CaseResult, Row } from "./run-case.js";

/** A table as rows of cells, its heading first. */
export type Table = readonly (readonly string[])[];

/** Selects metrics for a table. */
export type MetricFilter = (metric: Metric) => boolean;

/** The figures of a case, and Tricorn's ratio to each contender in the first one. */
export function tableOf(result: CaseResult, filter: MetricFilter = () => true): Table {
  return [headOf(result, filter), ...rowsOf(result, filter)];
}

/** One table per set of metrics, with the title of each case above its rows. Cases without such metrics are left out. */
export function tablesOf(results: readonly CaseResult[], filter: MetricFilter): Table[] {
  const tables = new Map<string, string[][]>();
  for (const result of results.filter(({ metrics }) => metrics.some(filter))) {
    const head = headOf(result, filter);
    const key = head.join();
    const rows = tables.get(key) ?? [head];
    tables.set(key, rows);
    rows.push([`**${titleOf(result, filter)}**`, ...head.slice(1).map(() => "")], ...rowsOf(result, filter));
  }
  return [...tables.values()];
}

function titleOf({ title, metrics, counted }: CaseResult, filter: MetricFilter): string {
  const hasCounts = metrics.filter(filter).some((metric) => metric.counted === true);
  if (counted === undefined || !hasCounts) return title;
  return `${title} (collections in ${counted.toLocaleString("en-GB")} requests)`;
}

/** Ratios are those of a case's first metric. */
function hasRatio({ metrics }: CaseResult, filter: MetricFilter): boolean {
  return filter(metrics[0]!);
}

function headOf(result: CaseResult, filter: MetricFilter): string[] {
  const labels = result.metrics
    .filter(filter)
    .map(({ label, unit }) => [label, unit].filter((text) => text !== "").join(", "));
  return ["", ...labels, ...(hasRatio(result, filter) ? ["ratio", "median of ratios"] : [])];
}

function rowsOf(result: CaseResult, filter: MetricFilter): string[][] {
  const { metrics } = result;
  return result.rows
    .map((row) => [
      row.name,
      ...metrics.filter(filter).map(({ key }) => figureCell(row, key)),
      ...(hasRatio(result, filter) ? ratioCells(row, metrics[0]!) : []),
    ])
    .filter(([, ...cells]) => cells.some((cell) => cell !== ""));
}

function figureCell({ figures }: Row, key: string): string {
  const figure = figures[key];
  return figure === undefined ? "" : formatFigure(figure.best);
}

function ratioCells({ figures }: Row, { key }: Metric): string[] {
  const ratio = figures[key]?.ratio;
  if (ratio === undefined) return ["", ""];
  const { median, least, most } = ratio.rounds;
  return [formatFigure(ratio.best), `${formatFigure(median)} (${formatFigure(least)}–${formatFigure(most)})`];
}

/** Three digits exceed the precision of these measurements. */
export function formatFigure(value: number): string {
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en-GB");
  return value.toFixed(value >= 10 ? 1 : 2);
}

/** Goals and results; a case has its title in its first row. */
export function goalsTable(results: readonly CaseResult[]): Table {
  return [
    ["case", "goal", "measured", "met"],
    ...results.flatMap((result) =>
      judge(result).map((goal, index) => [index === 0 ? result.title : ""].concat(goalCells(result, goal))),
    ),
  ];
}

function goalCells({ counted }: CaseResult, { goal, metric, figure, met }: JudgedGoal): string[] {
  const { label, unit } = metric;
  const bound = goal.atMost === undefined ? `≥ ${goalFigure(goal.atLeast!)}` : `≤ ${goalFigure(goal.atMost)}`;
  const among = goal.metric === "full" ? ` in ${counted!.toLocaleString("en-GB")}` : "";
  const measure = goal.against === undefined ? ` ${unit}` : ` of ${goal.against}`;
  return [
    `${label}${among} ${bound}${measure}`.trimEnd(),
    measuredCell(goal.against, figure),
    met ? "yes" : "no",
  ];
}

function measuredCell(against: string | undefined, figure: JudgedGoal["figure"]): string {
  const { best, median, least, most } = figure;
  const spread = least === most ? "" : ` (${formatFigure(least)}–${formatFigure(most)})`;
  if (against === undefined) return `${formatFigure(median)}${spread}`;
  if (spread === "") return formatFigure(best);
  return `${formatFigure(best)}; median ${formatFigure(median)}${spread}`;
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
