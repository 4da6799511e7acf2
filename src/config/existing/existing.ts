import type { ConfigurationSource } from "../configuration.js";
import { routingPlanOf } from "../plan/plan.js";
import type { ConfigurationView, Examined, Examiner, UnseenReason } from "./examiner.js";
import { takenPorts } from "./taken-ports.js";

/** What helps if nothing of a configuration could be seen. */
const CURES: Readonly<Record<UnseenReason, string>> = {
  "no program": "run the command on the machine of the Web server, or without --existing",
  "no file": "there is no such file; name the main file with --main-file, or leave --existing out",
  "not permitted": "run the command as a user who may, such as root, or without --existing",
  refused: "the Web server does not accept it as it is; mend it first",
  other: "see below for the reason, or leave --existing out",
};

function nothingSeen(reason: UnseenReason): Examined {
  const fact = `the configuration cannot be seen: ${CURES[reason]}`;
  return { findings: [{ weight: "stops", place: undefined, fact }], unseen: [] };
}

/** Looks at an existing configuration, and at the ports that programs listen on. */
export async function examineExisting(
  { mainFile, examine }: Examiner,
  { source, view, file = mainFile }: ExistingOptions,
): Promise<Examined> {
  const plan = routingPlanOf(source);
  const examined = await examine({ plan, mainFile: file, view });
  const seen = examined ?? nothingSeen(view.unseenFor ?? "other");
  const ports = plan.deployment.part === "whole" ? await takenPorts(plan.deployment, view) : [];
  return { findings: [...seen.findings, ...ports], unseen: seen.unseen };
}

/** What is looked at, for what. */
export interface ExistingOptions {
  readonly source: ConfigurationSource;
  readonly view: ConfigurationView;
  /** The Web server's main file; by default Debian's. */
  readonly file?: string | undefined;
}
