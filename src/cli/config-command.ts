import { readFileSync } from "node:fs";

import { configure, parseDescription } from "../config/configure.js";
import { parseDeployment, type DeploymentInput } from "../config/deployment.js";
import { servers } from "../config/servers.js";
import { ConfigurationError } from "../errors.js";
import type { RouteDescription } from "../paths/routes-of.js";
import { parseConfigArguments, type ConfigArguments } from "./config-arguments.js";
import { existingReport, lookAt } from "./existing-report.js";
import { configHelp } from "./help.js";
import { loadDescription } from "./load-description.js";
import { nextSteps } from "./next-steps.js";
import { UsageError } from "./usage-error.js";
import { printConfiguration, writeConfiguration } from "./write-configuration.js";

/**
 * `tricorn config`: prints or writes the configuration of a Web server.
 *
 * @returns the exit code: 1 if an existing configuration stops the application
 * @throws UsageError, ConfigurationError
 */
export async function configCommand(args: readonly string[]): Promise<number> {
  const parsed = parseConfigArguments(args);
  if (parsed.help) {
    process.stdout.write(configHelp());
    return 0;
  }
  const { server, json, out } = parsed;
  const names = Object.keys(servers).join(", ");
  if (server === undefined) throw new UsageError(`a Web server is required: ${names}`);
  if (!Object.hasOwn(servers, server)) {
    throw new UsageError(`unknown Web server ${JSON.stringify(server)}; expected one of ${names}`);
  }
  const { deployment, description } = await sourceOf(parsed);
  const source = description === undefined ? { deployment } : { deployment, description };
  const existing = parsed.existing ? await lookAt(server, source, parsed) : undefined;
  const isStopped = existing?.findings.some(({ weight }) => weight === "stops") === true;
  if (json) {
    const known = { ...(description && { description }), ...(existing && { existing }) };
    process.stdout.write(`${JSON.stringify({ deployment: completed(deployment), ...known }, null, 2)}\n`);
    return isStopped ? 1 : 0;
  }
  const configuration = configure(server, source);
  if (existing !== undefined) process.stderr.write(existingReport(existing));
  if (isStopped) {
    process.stderr.write("tricorn: nothing is written, because of what stops it\n");
    return 1;
  }
  const written = out === undefined ? undefined : await writeConfiguration(configuration, out);
  if (written === undefined) process.stdout.write(printConfiguration(configuration));
  process.stderr.write(nextSteps(configuration, { deployment: parseDeployment(deployment), written }));
  return 0;
}

/** Applies all defaults but those of one field of addresses from the other: an option may still replace either. */
function completed(given: DeploymentInput): object {
  const { listen, upstream, ...rest } = parseDeployment(given);
  return {
    ...rest,
    ...((given.listen !== undefined || given.upstream === undefined) && { listen }),
    ...(given.upstream !== undefined && { upstream }),
  };
}

interface Source {
  readonly deployment: DeploymentInput;
  /** Undefined if the application is unknown. */
  readonly description: RouteDescription | undefined;
}

/** Options and a module take precedence over the file of `--deployment`. */
async function sourceOf({ module, deployment, deploymentFile }: ConfigArguments): Promise<Source> {
  const file = deploymentFile === undefined ? { deployment: {} } : readSource(deploymentFile);
  const merged = withDirectory(merge(file.deployment, deployment), deployment) as DeploymentInput;
  if (module !== undefined) return { deployment: merged, description: await loadDescription(module) };
  return { deployment: merged, description: file.description };
}

/** A command on the command line runs in the current folder, unless `directory` is set. */
function withDirectory(
  merged: Readonly<Record<string, unknown>>,
  given: ConfigArguments["deployment"],
): Readonly<Record<string, unknown>> {
  const keepsDirectory = given["command"] === undefined || merged["directory"] !== undefined;
  return keepsDirectory ? merged : { ...merged, directory: process.cwd() };
}

/** Reads a deployment, or the output of `--json`: a deployment and a description. */
function readSource(file: string): {
  readonly deployment: Readonly<Record<string, unknown>>;
  readonly description?: RouteDescription;
} {
  const content = readJson(file);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new ConfigurationError("ERR_DEPLOYMENT", `Cannot read ${file}: it is not a JSON object`);
  }
  const object = content as Readonly<Record<string, unknown>>;
  const {
    deployment = {},
    description,
    existing: _,
    ...rest
  } = "deployment" in object ? object : { deployment: object };
  // The schema reports all other fields by name.
  const fields = { ...(deployment as Record<string, unknown>), ...rest };
  return description === undefined
    ? { deployment: fields }
    : { deployment: fields, description: parseDescription(description) };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ConfigurationError("ERR_DEPLOYMENT", `Cannot read ${file}: ${(error as Error).message}`, error);
  }
}

function merge(
  below: Readonly<Record<string, unknown>>,
  above: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const both = isObject(value) && isObject(merged[key]);
    merged[key] = both ? merge(merged[key] as Record<string, unknown>, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
