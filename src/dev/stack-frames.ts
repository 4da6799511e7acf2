import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** A place in the program's own source. */
export interface SourcePlace {
  /** The absolute path of the file. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** `at name (place)` or `at place`, or the place alone, with the positions at its end. */
const FRAME = /^\s*at (?:.*\()?((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/;
/** `file:///srv/main.ts:3`, as Node.js prints the place of a SyntaxError. */
const FILE_AND_LINE = /^\s*(?:at )?((?:file:\/\/)?\/.*?):(\d+)(?::(\d+))?$/;

/** Reads the place of a line of a stack; undefined if it is no frame of a file. */
export function parseFrame(line: string): SourcePlace | undefined {
  const [, path, row, column = "1"] = FRAME.exec(line) ?? FILE_AND_LINE.exec(line) ?? [];
  if (path === undefined) return undefined;
  const file = path.startsWith("file://") ? fileURLToPath(path) : path;
  return { file, line: Number(row), column: Number(column) };
}

/** The lines of a stack that are frames of the program itself: neither of packages nor of Node.js. */
export function ownFrames(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => {
    const place = parseFrame(line);
    return place !== undefined && !place.file.split(sep).includes("node_modules");
  });
}

/** A path as a developer writes it: relative to the working directory, if it is below. */
export function shortPath(path: string, directory = process.cwd()): string {
  const inside = relative(directory, path);
  return inside === "" || inside.startsWith(`..${sep}`) || inside === ".." ? path : inside;
}
