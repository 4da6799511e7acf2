import type { Configuration } from "../configuration.js";
import { commonNotes, needsOf } from "./needs.js";
import type { RoutingPlan } from "./plan.js";

/**
 * The common part of all configurations that follow a server's documentation and are not tested: the application handles all
 * paths below its mount and asks its authorizers itself, so that security does not depend on untested behaviour.
 */
export function documented(
  plan: RoutingPlan,
  { servesFiles, notes = [] }: DocumentedOptions,
): Pick<Configuration, "needs" | "notes" | "folders" | "isTested"> {
  const unserved = plan.deployment.root !== undefined && !servesFiles;
  return {
    needs: needsOf(plan, { inProcess: true, sendsMount: false }),
    notes: [
      ...commonNotes(plan),
      "Not run by Tricorn's tests: request a protected path without credentials before you rely on it.",
      ...(unserved
        ? ["No static file of the root is served: the server would serve it without asking an authorizer."]
        : []),
      ...notes,
    ],
    folders: [],
    isTested: false,
  };
}

/** How the servers differ. */
export interface DocumentedOptions {
  /** Whether it serves static files of the root. */
  readonly servesFiles: boolean;
  readonly notes?: readonly string[];
}

/** The first comment of such a file. */
export function documentedHead({ deployment }: RoutingPlan, server: string): readonly string[] {
  return [
    `${server} in front of ${deployment.name}.`,
    `This follows the documentation of ${server}. Tricorn's tests do not run it.`,
  ];
}

/** Whether the server may serve files of the root: none is protected or filtered. */
export function mayServeFiles({ deployment, protect, filter }: RoutingPlan): boolean {
  return deployment.root !== undefined && deployment.mount === "" && protect.length + filter.length === 0;
}
