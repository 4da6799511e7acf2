import { applicationSocket } from "../application-socket.js";
import type { ApplicationNeeds } from "../configuration.js";
import type { RoutingPlan } from "./plan.js";

/** What a Web server does not support. */
export interface NeedsOptions {
  /** Whether the application must ask its authorizers itself. */
  readonly inProcess?: boolean;
  /** Whether the Web server sends the mount. Authorizers never get it: they see the whole path (section 6.3). */
  readonly sendsMount: boolean;
}

/** The options that the application must set. */
export function needsOf(
  plan: RoutingPlan,
  { inProcess = false, sendsMount }: NeedsOptions,
): ApplicationNeeds {
  const { mount, root, listen, state, webServerGroup } = plan.deployment;
  const isAsked = plan.protect.length > 0;
  const users = plan.variables.filter(isUser);
  const authorizer = isAsked && inProcess ? { authorizer: { inProcess: true } as const } : {};
  const filter = plan.filter.length > 0 && root !== undefined ? { filter: { root } } : {};
  const bridges = { ...authorizer, ...filter };
  return {
    ...(mount !== "" && (isAsked || !sendsMount) && { mount }),
    // With its own state folder, it may run as the same user as the application.
    ...(listen.some((address) => applicationSocket(address).kind === "unix") &&
      state === undefined && { socketAccess: { group: webServerGroup } }),
    ...(isAsked && users.length > 0 && { vouchesFor: users }),
    ...(Object.keys(bridges).length > 0 && { bridges }),
  };
}

/** AUTH_USER, REMOTE_USER, USER_NAME. */
function isUser(variable: string): boolean {
  return /(?:^|_)USER(?:_?NAME)?$/i.test(variable);
}

/** Notes for any Web server. */
export function commonNotes({ deployment, filter, protect, variables }: RoutingPlan): string[] {
  const notes: string[] = [];
  if (filter.length > 0 && deployment.root === undefined) {
    notes.push("The filters of the application get no files: set root to the folder of the files.");
  }
  if (protect.length > 0 && variables.length === 0) {
    notes.push(
      "Authorizers set no variables: neither @Authorizer({ variables }) nor the deployment names any.",
    );
  }
  if (deployment.part === "into" && deployment.root !== undefined && protect.length > 0) {
    notes.push(
      `No other site or location may serve files of ${deployment.root}: it would not ask an authorizer.`,
    );
  }
  return notes;
}

/** Notes for a Web server that cannot refuse links. */
export function linkNotes({ deployment: { root, links } }: RoutingPlan, server: string): string[] {
  if (root === undefined || links === "followed") return [];
  return [
    `${server} follows symbolic links, so a link below the root to a protected file, or out of the root, is served without asking ` +
      "an authorizer. Keep links out of the root. --links followed removes this note.",
  ];
}
