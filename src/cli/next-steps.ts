import { existsSync } from "node:fs";
import { inspect } from "node:util";

import type { Configuration } from "../config/configuration.js";
import type { Deployment } from "../config/deployment.js";
import { folderCommand } from "./owned-folder.js";
import type { WrittenConfiguration } from "./write-configuration.js";

/** The source of a configuration, and where it was written. */
export interface NextStepsOptions {
  readonly deployment: Deployment;
  /** Undefined if it was only printed. */
  readonly written: WrittenConfiguration | undefined;
}

/** Formats the next steps for standard error: the notes, the application's options and the commands. */
export function nextSteps(configuration: Configuration, { deployment, written }: NextStepsOptions): string {
  const { additions = [], before, check, run, notes, isTested } = configuration;
  const copies = (written?.files ?? []).flatMap(({ path, place }) =>
    place === undefined ? [] : [`copy         install -D -m 644 ${path} ${place}`],
  );
  const lines = [
    ...(written?.files ?? []).map(({ path }) => `wrote        ${path}`),
    ...(isTested
      ? []
      : ["note         This follows the server's documentation. Tricorn's tests do not run it."]),
    ...rootNote(deployment),
    ...notes.map((note) => `note         ${note}`),
    ...applicationCalls(configuration, deployment),
    ...copies,
    ...(written === undefined || written.folder === process.cwd() || copies.length > 0
      ? []
      : [`then         cd ${written.folder}`]),
    ...additions.flatMap(({ line, place }) => [`add          ${line}`, `             ${place}`]),
    ...(before === undefined ? [] : [`first        ${before}`]),
    ...folderSteps(configuration, written),
    ...(check === undefined ? [] : [`check        ${check}`]),
    `run          ${run}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** The folder that must belong to the user that the Web server becomes, if root starts it. */
function folderSteps({ owned }: Configuration, written: WrittenConfiguration | undefined): string[] {
  if (owned === undefined) return [];
  const { isGiven = false, closed } = written?.owned ?? {};
  const { path, user } = owned;
  return [
    isGiven ? `folder       ${path} belongs to ${user}` : `as root      ${folderCommand(owned)}`,
    ...(isGiven && closed !== undefined
      ? [`note         ${user} cannot enter ${closed}: choose a --state outside of it.`]
      : []),
  ];
}

/** A note, not an error: the configuration may be for another machine. */
function rootNote({ root }: Deployment): string[] {
  if (root === undefined || existsSync(root)) return [];
  return [`note         The root ${root} does not exist on this machine.`];
}

/** The calls with the options that the application must set; on each of several addresses, one application. */
function applicationCalls(
  { needs, startsApplication = false }: Configuration,
  { listen, protocol }: Deployment,
): string[] {
  const { mount, ...options } = needs;
  const hasOptions = Object.keys(options).length > 0;
  const addresses = startsApplication
    ? [hasOptions ? "undefined" : undefined]
    : listen.map((one) => inspect(protocol === "scgi" ? `scgi:${one}` : one));
  return [
    ...(mount === undefined ? [] : [`application  createApplication(${literal({ mount })})`]),
    ...addresses.map((address) => {
      const args = [address, hasOptions ? literal(options) : undefined].filter((one) => one !== undefined);
      return `application  serve(${["application", ...args].join(", ")})`;
    }),
  ];
}

function literal(options: object): string {
  return inspect(options, { depth: null, breakLength: Number.POSITIVE_INFINITY });
}
