/** Indents lines by two spaces. */
export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === "" ? "" : `  ${line}`));
}

/** `head {`, the lines, `}`: a block of nginx or Caddy. */
export function block(head: string, lines: readonly string[]): string[] {
  return [head === "" ? "{" : `${head} {`, ...indented(lines), "}"];
}

/** An empty line, a comment and the lines; nothing if there are no lines. */
export function paragraph(comment: string | readonly string[], lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return ["", ...[comment].flat().map((line) => `# ${line}`), ...lines];
}

/** The text of a file. */
export function textOf(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
