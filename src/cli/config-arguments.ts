import { resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";

import { deploymentOptions, type DeploymentOption } from "../config/deployment-options.js";
import { UsageError } from "./usage-error.js";

/** The arguments of `tricorn config`. */
export interface ConfigArguments {
  readonly help: boolean;
  readonly server: string | undefined;
  readonly module: string | undefined;
  /** The fields of the deployment that were given, not yet validated. */
  readonly deployment: Readonly<Record<string, unknown>>;
  /** The file in `--deployment`. */
  readonly deploymentFile: string | undefined;
  /** Whether to look at the existing configuration first. */
  readonly existing: boolean;
  /** The Web server's main file in `--main-file`. */
  readonly mainFile: string | undefined;
  readonly json: boolean;
  /** The folder in `--out`. */
  readonly out: string | undefined;
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Options that are not fields of the deployment. */
const COMMAND_OPTIONS: Options = {
  deployment: { type: "string" },
  existing: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  into: { type: "boolean" },
  json: { type: "boolean" },
  "main-file": { type: "string" },
  out: { type: "string" },
  scgi: { type: "boolean" },
};

/** Fields without an option of that name: `--into` sets `part`, `--scgi` `protocol`, and the words after `--` are `command`. */
const OTHER_FIELDS = new Set(["part", "protocol", "command"]);

/** The fields of a deployment that are options of the command. */
export function commandOptions(): readonly DeploymentOption[] {
  return deploymentOptions().filter(({ name }) => !OTHER_FIELDS.has(name));
}

/**
 * Parses the arguments of `tricorn config`.
 *
 * @throws UsageError
 */
export function parseConfigArguments(args: readonly string[]): ConfigArguments {
  const end = args.indexOf("--");
  const command = end < 0 ? [] : args.slice(end + 1);
  const fields = commandOptions();
  const { values, positionals } = parse(end < 0 ? args : args.slice(0, end), {
    ...Object.fromEntries(
      fields.map(({ name, kind }) => [name, { type: "string", multiple: kind === "list" } as const]),
    ),
    ...COMMAND_OPTIONS,
  });
  const [server, module, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`unexpected argument ${rest[0]}`);
  const deployment: Record<string, unknown> = {};
  for (const field of fields) {
    const value = values[field.name];
    if (value !== undefined) setField(deployment, field.path, valueOf(field, value as string | string[]));
  }
  if (values["into"] === true) deployment["part"] = "into";
  if (values["scgi"] === true) deployment["protocol"] = "scgi";
  if (command.length > 0) deployment["command"] = command;
  const mainFile = values["main-file"] as string | undefined;
  if (mainFile !== undefined && values["existing"] !== true)
    throw new UsageError("--main-file is for --existing");
  return {
    help: values["help"] === true,
    server,
    module,
    deployment,
    deploymentFile: values["deployment"] as string | undefined,
    existing: values["existing"] === true,
    mainFile: mainFile === undefined ? undefined : resolve(mainFile),
    json: values["json"] === true,
    out: values["out"] as string | undefined,
  };
}

function parse(args: readonly string[], options: Options) {
  const { tokens, ...parsed } = parseTokens(args, options);
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { type, multiple = false } = options[token.name]!;
    // parseArgs would silently ignore all values except the last.
    if (type === "string" && !multiple && given.has(token.name)) {
      throw new UsageError(`--${token.name} was given twice, but it takes one value`);
    }
    given.add(token.name);
  }
  return parsed;
}

function parseTokens(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, tokens: true });
  } catch (error) {
    // The second sentence of Node's message is about arguments that begin with a hyphen.
    const { message } = error as Error;
    const [fact = message] = message.split(". ", 1);
    throw new UsageError(fact);
  }
}

/** Keeps text that is not a number, so that the schema reports it. */
function valueOf({ kind, isPath }: DeploymentOption, text: string | string[]): unknown {
  if (typeof text !== "string") return text;
  if (kind === "number" && /^\d+$/.test(text)) return Number(text);
  return isPath && text !== "" ? resolve(text) : text;
}

function setField(target: Record<string, unknown>, [key, ...below]: readonly string[], value: unknown): void {
  if (below.length === 0) target[key!] = value;
  else setField((target[key!] ??= {}) as Record<string, unknown>, below, value);
}
