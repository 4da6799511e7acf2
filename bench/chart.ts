import { OURS } from "./case.js";
import type { CaseResult, Row } from "./run-case.js";
import { formatFigure } from "./table.js";

const WIDTH = 760;
const NAMES = 180;
const FIGURES = 160;
const BAR = 16;
const GAP = 6;
const HEADING = 34;

/**
 * Draws the first metric of each case as bars, for light and dark pages. A bar that would dwarf the others is truncated and
 * marked.
 */
export function chartOf(results: readonly CaseResult[]): string {
  let y = 10;
  const groups = results.map((result) => {
    const group = groupOf(result, y);
    y += HEADING + result.rows.length * (BAR + GAP) + 10;
    return group;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="Figures of each benchmark; the tables have the same">
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.figure { font-variant-numeric: tabular-nums }
.bar { fill: #8c959f }
.ours { fill: #0969da }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #6e7681 } .ours { fill: #58a6ff } }
</style>
${groups.join("\n")}
</svg>
`;
}

function groupOf({ title, metrics, rows }: CaseResult, top: number): string {
  const { key, label, unit } = metrics[0]!;
  const ours = rows.find(({ name }) => name === OURS)!.figures[key]!.best;
  const most = Math.min(Math.max(...rows.map(({ figures }) => figures[key]!.best)), 6 * ours);
  const bars = rows.map((row, index) => barOf(row, { key, most, y: top + HEADING + index * (BAR + GAP) }));
  return [
    `<text class="title" x="0" y="${top + 10}">${escape(title)}</text>`,
    `<text x="0" y="${top + 27}">${escape(`${label}, ${unit}`)}</text>`,
    ...bars,
  ].join("\n");
}

function barOf(
  { name, figures }: Row,
  { key, most, y }: { readonly key: string; readonly most: number; readonly y: number },
): string {
  const { best, ratio } = figures[key]!;
  const room = WIDTH - NAMES - FIGURES;
  const length = Math.max(Math.min(best / most, 1) * room, 1).toFixed(1);
  // The factor from Tricorn's figure to this one.
  const times = ratio === undefined ? "" : ` (${formatFigure(1 / ratio.best)}×)`;
  const cut = best > most ? " …" : "";
  return `<text x="${NAMES - 8}" y="${y + 13}" text-anchor="end">${escape(name)}</text>
<rect class="${name === OURS ? "ours" : "bar"}" x="${NAMES}" y="${y}" width="${length}" height="${BAR}" rx="2"/>
<text class="figure" x="${NAMES + Number(length) + 6}" y="${y + 13}">${formatFigure(best)}${times}${cut}</text>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
