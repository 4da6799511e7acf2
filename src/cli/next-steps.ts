import { existsSync } from "node:fs";
import { inspect } from "node:util";

import type { Configuration } from "../config/configuration.js";
import type { Deployment } from "../config/deployment.js";
import type { WrittenConfiguration } from "./write-configuration.js";

/** What a configuration was made for, and where it is. */
export interface NextStepsOptions {
  readonly deployment: Deployment;
  /** Undefined where it was only printed. */
  readonly written: WrittenConfiguration | undefined;
}

/** What is left to do, for standard error: what the application needs, and the commands. */
export function nextSteps(configuration: Configuration, { deployment, written }: NextStepsOptions): string {
  const { asRoot, check, run, notes, isTested } = configuration;
  const copies = (written?.files ?? []).flatMap(({ path, place }) =>
    place === undefined ? [] : [`copy         install -D -m 644 ${path} ${place}`],
  );
  const lines = [
    ...(written?.files ?? []).map(({ path }) => `wrote        ${path}`),
    ...(isTested
      ? []
      : ["note         This follows from the server's documentation; it was never run by Tricorn's tests."]),
    ...missingRoot(deployment),
    ...notes.map((note) => `note         ${note}`),
    ...application(configuration, deployment),
    ...copies,
    ...(written === undefined || written.folder === process.cwd() || copies.length > 0
      ? []
      : [`then         cd ${written.folder}`]),
    ...(asRoot === undefined ? [] : [`as root      ${asRoot}`]),
    ...(check === undefined ? [] : [`check        ${check}`]),
    `run          ${run}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Of another machine nothing is known, so that it is no error. */
function missingRoot({ root }: Deployment): string[] {
  if (root === undefined || existsSync(root)) return [];
  return [`note         There is no folder ${root} on this machine, which is named as root.`];
}

/** How the application must be made and served. */
function application({ needs, startsApplication = false }: Configuration, { listen }: Deployment): string[] {
  const { mount, ...options } = needs;
  const address = startsApplication ? "undefined" : inspect(listen);
  const hasOptions = Object.keys(options).length > 0;
  const further = hasOptions ? [address, literal(options)] : startsApplication ? [] : [address];
  return [
    ...(mount === undefined ? [] : [`application  createApplication(${literal({ mount })})`]),
    `application  serve(${["application", ...further].join(", ")})`,
  ];
}

function literal(options: object): string {
  return inspect(options, { depth: null, breakLength: Number.POSITIVE_INFINITY });
}
