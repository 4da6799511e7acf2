import { parseArgs, type ParseArgsConfig } from "node:util";

import { UsageError } from "./usage-error.js";

/** An option of a command. */
export interface CommandOption {
  readonly name: string;
  /** What its value is called in the help; absent for a flag. */
  readonly value?: string;
  readonly isRepeatable?: boolean;
  readonly meaning: string;
}

/**
 * Parses the arguments of a command that has these options and `--help`.
 *
 * @throws UsageError for an unknown option, and for one without its value
 */
export function parseOptions(options: readonly CommandOption[], args: readonly string[]) {
  const config: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean", short: "h" } };
  for (const { name, value, isRepeatable = false } of options)
    config[name] = { type: value === undefined ? "boolean" : "string", multiple: isRepeatable };
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true });
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(message.split(". ", 1)[0]);
  }
}
