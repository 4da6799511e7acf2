import type { ConfigurationSource } from "../configuration.js";
import { routingPlanOf } from "../plan/plan.js";
import type { ConfigurationView, Examined, Examiner } from "./examiner.js";
import { takenPorts } from "./taken-ports.js";

const NOTHING_SEEN: Examined = {
  findings: [
    {
      weight: "stops",
      place: undefined,
      fact: "the configuration cannot be seen: run the command as a user who may, such as root, or without --existing",
    },
  ],
  unseen: [],
};

/** Looks at an existing configuration, and at the ports that programs listen on. */
export async function examineExisting(
  { mainFile, examine }: Examiner,
  { source, view, file = mainFile }: ExistingOptions,
): Promise<Examined> {
  const plan = routingPlanOf(source);
  const examined = await examine({ plan, mainFile: file, view });
  const ports = plan.deployment.part === "whole" ? await takenPorts(plan.deployment, view) : [];
  const { findings, unseen } = examined ?? NOTHING_SEEN;
  return { findings: [...findings, ...ports], unseen };
}

/** What is looked at, for what. */
export interface ExistingOptions {
  readonly source: ConfigurationSource;
  readonly view: ConfigurationView;
  /** The Web server's main file; by default Debian's. */
  readonly file?: string | undefined;
}
