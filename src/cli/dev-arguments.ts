import { parseOptions, type CommandOption } from "./parse-options.js";
import { UsageError } from "./usage-error.js";

/** The options of `tricorn dev`. */
export const devOptions: readonly CommandOption[] = [
  {
    name: "root",
    value: "folder",
    meaning:
      "the folder of the static and the filtered files; by default public, or the root of the program's filter bridge",
  },
  { name: "port", value: "n", meaning: "the port of the URL; 0 for any free one; default: 8080" },
  {
    name: "host",
    value: "address",
    meaning:
      "the address to listen on; default: 127.0.0.1. If other machines can reach it, each request needs the token of the printed URL",
  },
  {
    name: "watch",
    value: "path",
    isRepeatable: true,
    meaning: "a file or folder, such as of templates, whose changes restart the program too; can be repeated",
  },
  {
    name: "no-reload",
    meaning: "leave pages as they are: without the script that reloads them after a change",
  },
];

/** The arguments of `tricorn dev`. */
export interface DevArguments {
  readonly help: boolean;
  readonly script: string | undefined;
  /** The arguments of the program. */
  readonly args: readonly string[];
  readonly root: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly watch: readonly string[];
  readonly reloads: boolean;
}

/**
 * Parses the arguments of `tricorn dev`; those after `--` are the program's.
 *
 * @throws UsageError
 */
export function parseDevArguments(args: readonly string[]): DevArguments {
  const end = args.indexOf("--");
  const { values, positionals } = parseOptions(devOptions, end < 0 ? args : args.slice(0, end));
  const [script, ...rest] = positionals;
  if (rest.length > 0)
    throw new UsageError(`unexpected argument ${rest[0]}; write -- before arguments of the program`);
  return {
    help: values["help"] === true,
    script,
    args: end < 0 ? [] : args.slice(end + 1),
    root: values["root"] as string | undefined,
    host: values["host"] as string | undefined,
    port: portOf(values["port"]),
    watch: (values["watch"] as string[] | undefined) ?? [],
    reloads: values["no-reload"] !== true,
  };
}

function portOf(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  if (typeof text === "string" && /^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`--port is ${JSON.stringify(text)}, not a number from 0 to 65535`);
}
