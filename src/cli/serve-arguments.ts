import { parseArgs, type ParseArgsConfig } from "node:util";

import type { SuperviseOptions } from "../supervisor/index.js";
import { UsageError } from "./usage-error.js";

/** The options of a command, or a part of them. */
export interface ServeOption {
  readonly name: string;
  /** What its value is called in the help; absent for a flag. */
  readonly value?: string;
  readonly isRepeatable?: boolean;
  readonly meaning: string;
}

/** The options of `tricorn serve`. */
export const serveOptions: readonly ServeOption[] = [
  {
    name: "workers",
    value: "n",
    meaning: "how many workers; by default as many as the processor has threads",
  },
  {
    name: "listen",
    value: "address",
    isRepeatable: true,
    meaning:
      "where to listen: 9000, host:9000, unix:/path, fd:0; can be repeated; by default as serve decides it",
  },
  {
    name: "recycle-requests",
    value: "n",
    meaning: "replace a worker after this many requests, and up to a tenth more",
  },
  { name: "recycle-memory", value: "MiB", meaning: "replace a worker whose resident memory exceeds this" },
  { name: "recycle-age", value: "seconds", meaning: "replace a worker of this age, and up to a tenth more" },
  {
    name: "start-limit",
    value: "seconds",
    meaning: "how long a worker may take until it is ready; default: 10",
  },
];

/** The arguments of `tricorn serve`. */
export interface ServeArguments {
  readonly help: boolean;
  readonly script: string | undefined;
  readonly options: SuperviseOptions;
}

const MIB = 1024 * 1024;
const SECOND = 1_000;

/**
 * Parses the arguments of `tricorn serve`; those after `--` are the program's.
 *
 * @throws UsageError
 */
export function parseServeArguments(args: readonly string[]): ServeArguments {
  const end = args.indexOf("--");
  const { values, positionals } = parse(end < 0 ? args : args.slice(0, end));
  const [script, ...rest] = positionals;
  if (rest.length > 0)
    throw new UsageError(`unexpected argument ${rest[0]}; write -- before arguments of the program`);
  const number = (name: string, unit = 1): number | undefined => numberOf(name, values[name], unit);
  const listen = values["listen"] as string[] | undefined;
  return {
    help: values["help"] === true,
    script,
    options: {
      workers: number("workers"),
      listen,
      args: end < 0 ? [] : args.slice(end + 1),
      recycle: {
        requests: number("recycle-requests"),
        rss: number("recycle-memory", MIB),
        age: number("recycle-age", SECOND),
      },
      startLimit: number("start-limit", SECOND),
    },
  };
}

function parse(args: readonly string[]) {
  const options: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean", short: "h" } };
  for (const { name, value, isRepeatable = false } of serveOptions)
    options[name] = { type: value === undefined ? "boolean" : "string", multiple: isRepeatable };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(message.split(". ", 1)[0]);
  }
}

function numberOf(name: string, text: unknown, unit: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (typeof text === "string" && /^\d+(?:\.\d+)?$/.test(text) && number > 0) return number * unit;
  throw new UsageError(`--${name} is ${JSON.stringify(text)}, not a number above 0`);
}
