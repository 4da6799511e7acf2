import { parseDescription, UNKNOWN, type ConfigureOptions } from "../config/configure.js";
import { parseDeployment } from "../config/deployment.js";
import { examiners } from "../config/existing/examiners.js";
import type { Examined } from "../config/existing/examiner.js";
import { examineExisting } from "../config/existing/existing.js";
import type { ConfigArguments } from "./config-arguments.js";
import { ExistingView } from "./existing-view.js";
import { UsageError } from "./usage-error.js";

/** What was found in an existing configuration, and what was looked at. */
export interface ExistingReport extends Examined {
  readonly seen: readonly string[];
}

/**
 * Looks at the existing configuration of a Web server, as the caller and without changing anything.
 *
 * @throws UsageError for a server whose configuration cannot be looked at
 */
export async function lookAt(
  server: string,
  { deployment = {}, description = UNKNOWN }: ConfigureOptions,
  { mainFile }: Pick<ConfigArguments, "mainFile">,
): Promise<ExistingReport> {
  const examiner = Object.hasOwn(examiners, server) ? examiners[server] : undefined;
  if (examiner === undefined) {
    throw new UsageError(`--existing looks at ${Object.keys(examiners).join(", ")} only, not at ${server}`);
  }
  const view = new ExistingView();
  const source = { deployment: parseDeployment(deployment), description: parseDescription(description) };
  const { findings, unseen } = await examineExisting(examiner, { source, view, file: mainFile });
  return { seen: view.seen, findings, unseen: [...view.failed, ...unseen] };
}

/** Formats what was looked at, what was found, with what stops the application first, and what was not seen. */
export function existingReport({ seen, findings, unseen }: ExistingReport): string {
  const found = [
    ...findings.filter(({ weight }) => weight === "stops"),
    ...findings.filter(({ weight }) => weight === "note"),
  ].map(({ weight, place, fact }) => {
    const where = place === undefined ? "" : `${place.file}:${place.line}: `;
    return `${weight.padEnd(12)} ${where}${fact}`;
  });
  const lines = [
    ...seen.map((one) => `looked at    ${one}`),
    ...found,
    ...unseen.map((one) => `not seen     ${one}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
