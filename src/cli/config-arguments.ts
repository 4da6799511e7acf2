import { resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";

import { deploymentOptions, type DeploymentOption } from "../config/deployment-options.js";
import { UsageError } from "./usage-error.js";

/** What `tricorn config` was called with. */
export interface ConfigArguments {
  readonly help: boolean;
  readonly server: string | undefined;
  readonly module: string | undefined;
  /** Those fields of the deployment that were named, not checked yet. */
  readonly deployment: Readonly<Record<string, unknown>>;
  /** The file of `--deployment`. */
  readonly deploymentFile: string | undefined;
  readonly json: boolean;
  /** The folder of `--out`. */
  readonly out: string | undefined;
}

type Options = NonNullable<ParseArgsConfig["options"]>;

const OWN: Options = {
  deployment: { type: "string" },
  help: { type: "boolean", short: "h" },
  json: { type: "boolean" },
  out: { type: "string" },
  site: { type: "boolean" },
};

/** Fields that are said otherwise: `--site`, and what stands behind `--`. */
const OTHERWISE = new Set(["part", "command"]);

/** The fields of a deployment that are options of the command. */
export function commandOptions(): readonly DeploymentOption[] {
  return deploymentOptions().filter(({ name }) => !OTHERWISE.has(name));
}

/**
 * Reads the arguments behind `tricorn config`.
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
    ...OWN,
  });
  const [server, module, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`there is an argument too many: ${rest[0]}`);
  const deployment: Record<string, unknown> = {};
  for (const field of fields) {
    const value = values[field.name];
    if (value !== undefined) put(deployment, field.path, valueOf(field, value as string | string[]));
  }
  if (values["site"] === true) deployment["part"] = "site";
  if (command.length > 0) deployment["command"] = command;
  return {
    help: values["help"] === true,
    server,
    module,
    deployment,
    deploymentFile: values["deployment"] as string | undefined,
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
    // Of two values the last would count, and the other one be lost without a word.
    if (type === "string" && !multiple && given.has(token.name)) {
      throw new UsageError(`--${token.name} was given twice, and it takes one value`);
    }
    given.add(token.name);
  }
  return parsed;
}

function parseTokens(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, tokens: true });
  } catch (error) {
    // Its second sentence is about arguments that begin with a hyphen.
    const { message } = error as Error;
    const [fact = message] = message.split(". ", 1);
    throw new UsageError(fact);
  }
}

/** A number stays text where it is none, so that the schema says what is wrong. */
function valueOf({ kind, isPath }: DeploymentOption, text: string | string[]): unknown {
  if (typeof text !== "string") return text;
  if (kind === "number" && /^\d+$/.test(text)) return Number(text);
  return isPath && text !== "" ? resolve(text) : text;
}

function put(target: Record<string, unknown>, [key, ...below]: readonly string[], value: unknown): void {
  if (below.length === 0) target[key!] = value;
  else put((target[key!] ??= {}) as Record<string, unknown>, below, value);
}
