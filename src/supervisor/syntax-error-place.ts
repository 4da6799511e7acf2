import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join, parse } from "node:path";
import { fileURLToPath } from "node:url";

import type { WorkerFailure } from "./reports.js";

/** The message of `@oxc-node/core` for a file that it cannot parse: it names no line. */
const PARSE_FAILURE = /^Error: Failed to parse (file:\/\/.+?): (.*)$/s;
/** How long the compiler may take; ms. */
const COMPILER_LIMIT = 5_000;
/** A syntax error as TypeScript prints it; only those have codes from 1000 to 1999. */
const SYNTAX_ERROR = /\((\d+),(\d+)\): error TS1\d{3}: /;

/** A file that cannot be parsed. */
export interface ParseFailure {
  /** Its absolute path. */
  readonly file: string;
  readonly reason: string;
}

/** Reads the failure of a program as one of a file that cannot be parsed; undefined for another one. */
export function parseFailureOf({ sentence }: WorkerFailure): ParseFailure | undefined {
  const [, url, reason = ""] = PARSE_FAILURE.exec(sentence) ?? [];
  return url === undefined ? undefined : { file: fileURLToPath(url), reason };
}

/** Adds the line to the failure of a file that cannot be parsed, if TypeScript is installed beside it. Never rejects. */
export async function withSyntaxErrorPlace(failure: WorkerFailure): Promise<WorkerFailure> {
  const found = parseFailureOf(failure);
  const compiler = found && compilerBeside(found.file);
  if (found === undefined || compiler === undefined) return failure;
  const [, line, column] = SYNTAX_ERROR.exec(await syntaxErrors(compiler, found.file)) ?? [];
  if (line === undefined) return failure;
  return { ...failure, details: [`    at ${found.file}:${line}:${column}`, ...failure.details] };
}

function compilerBeside(file: string): string | undefined {
  try {
    return join(dirname(createRequire(file).resolve("typescript/package.json")), "bin/tsc");
  } catch {
    return undefined;
  }
}

/** What the compiler prints of the file alone, as it is parsed: no settings, no imports, no types. */
function syntaxErrors(compiler: string, file: string): Promise<string> {
  const options = "--noEmit --noCheck --noResolve --noLib --allowJs --jsx preserve --pretty false".split(" ");
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiler, ...options, file],
      // In a folder without a tsconfig.json, beside which newer versions refuse files.
      { cwd: parse(file).root, timeout: COMPILER_LIMIT },
      (_, output) => resolve(output),
    );
  });
}
