/** The column of values. */
export const FACT_INDENT = 16;
const SECOND = 1_000;

/** Formats a fact as a line of the status: its name, and its value in the column of values. Without a name it belongs to the line above. */
export function factLine(name: string, value: string | number): string {
  return (name === "" ? "" : `${name}:`).padEnd(FACT_INDENT) + value;
}

/** `3.2 s`. */
export function formatSeconds(ms: number): string {
  return `${(ms / SECOND).toFixed(1)} s`;
}
