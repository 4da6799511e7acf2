import { join } from "node:path";

/** Formats a word of a command (systemd.service(5), "Command lines"). */
export function commandWord(text: string): string {
  const literal = escapePercent(text).replaceAll("$", "$$$$");
  return /^[\w./:@%+=,$-]+$/.test(literal) ? literal : `"${literal.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Escapes percent signs, which begin specifiers (systemd.unit(5)). */
export function escapePercent(text: string): string {
  return text.replaceAll("%", "%%");
}

/** Formats a command. systemd takes a path that begins with a slash, or a name without one. */
export function commandLine(
  [program = "", ...args]: readonly string[],
  directory: string | undefined,
): string {
  const isRelative = program.includes("/") && !program.startsWith("/");
  const first = isRelative && directory !== undefined ? join(directory, program) : program;
  return [first, ...args].map(commandWord).join(" ");
}
