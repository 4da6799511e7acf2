import { parseArgs } from "node:util";

import { UsageError } from "./usage-error.js";

/** The arguments of `tricorn init`. */
export interface InitArguments {
  readonly help: boolean;
  /** Undefined for the current folder. */
  readonly folder: string | undefined;
  /** The name of the package in `--name`. */
  readonly name: string | undefined;
  /** Whether to ask nothing. */
  readonly yes: boolean;
}

/**
 * Parses the arguments of `tricorn init`.
 *
 * @throws UsageError
 */
export function parseInitArguments(args: readonly string[]): InitArguments {
  const { values, positionals } = parse(args);
  const [folder, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`unexpected argument ${rest[0]}`);
  if (folder === "") throw new UsageError("the name of the folder is empty");
  return { help: values.help === true, folder, name: values.name, yes: values.yes === true };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        name: { type: "string" },
        yes: { type: "boolean", short: "y" },
      },
    });
  } catch (error) {
    // The second sentence of Node's message is about arguments that begin with a hyphen.
    throw new UsageError((error as Error).message.split(". ", 1)[0]);
  }
}
