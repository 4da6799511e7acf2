import type { Configuration } from "../configuration.js";
import { commonNotes, needsOf } from "./needs.js";
import type { Plan } from "./plan.js";

/**
 * What holds of every configuration that follows from a server's documentation alone: the application answers for all
 * paths below its mount and asks its authorizers itself, so that nothing depends on what nobody has seen that server do.
 */
export function documented(
  plan: Plan,
  { servesFiles, notes = [] }: DocumentedOptions,
): Pick<Configuration, "needs" | "notes" | "folders" | "isTested"> {
  const unserved = plan.deployment.root !== undefined && !servesFiles;
  return {
    needs: needsOf(plan, { inProcess: true, tellsMount: false }),
    notes: [
      ...commonNotes(plan),
      "Not run by Tricorn's tests: request a protected path without credentials before you rely on it.",
      ...(unserved
        ? ["No file of the root is served as it is: what the server would serve, it would serve unasked."]
        : []),
      ...notes,
    ],
    folders: [],
    isTested: false,
  };
}

/** In what the servers differ. */
export interface DocumentedOptions {
  /** Whether it serves files of the root where the application has nothing there. */
  readonly servesFiles: boolean;
  readonly notes?: readonly string[];
}

/** The comment that such a file begins with. */
export function documentedHead({ deployment }: Plan, server: string): readonly string[] {
  return [
    `${server} in front of ${deployment.name}.`,
    `This follows from the documentation of ${server}: it has not been run by Tricorn's tests.`,
  ];
}

/** Whether the server may serve files of the root: nobody protects or transforms any of them. */
export function mayServeFiles({ deployment, protect, filter }: Plan): boolean {
  return deployment.root !== undefined && deployment.mount === "" && protect.length + filter.length === 0;
}
