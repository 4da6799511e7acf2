import { applicationSocket } from "../application-socket.js";
import type { ApplicationNeeds } from "../configuration.js";
import type { Plan } from "./plan.js";

/** What a Web server does not do by itself. */
export interface NeedsOptions {
  /** Whether the application has to ask its authorizers itself. */
  readonly inProcess?: boolean;
  /** Whether it is told its mount. Authorizers never are: they look at the whole path (section 6.3). */
  readonly tellsMount: boolean;
}

/** What the application must be told by whoever starts it. */
export function needsOf(plan: Plan, { inProcess = false, tellsMount }: NeedsOptions): ApplicationNeeds {
  const { mount, root, listen, state, webServerGroup } = plan.deployment;
  const isAsked = plan.protect.length > 0;
  const users = plan.variables.filter(isUser);
  const authorizer = isAsked && inProcess ? { authorizer: { inProcess: true } as const } : {};
  // The filters look below the mount, where a Web server looks at the whole path.
  const filter = plan.filter.length > 0 && root !== undefined ? { filter: { root: root + mount } } : {};
  const bridges = { ...authorizer, ...filter };
  return {
    ...(mount !== "" && (isAsked || !tellsMount) && { mount }),
    // With a state folder of its own it runs as whoever starts it, as the application may.
    ...(applicationSocket(listen).kind === "unix" &&
      state === undefined && { socketAccess: { group: webServerGroup } }),
    ...(isAsked && users.length > 0 && { vouchesFor: users }),
    ...(Object.keys(bridges).length > 0 && { bridges }),
  };
}

/** AUTH_USER, REMOTE_USER, USER_NAME. */
function isUser(variable: string): boolean {
  return /(?:^|_)USER(?:_?NAME)?$/i.test(variable);
}

/** What is worth a sentence about any Web server. */
export function commonNotes({ deployment, filter, protect, variables }: Plan): string[] {
  const notes: string[] = [];
  if (filter.length > 0 && deployment.root === undefined) {
    notes.push("The filters of the application get no files: name the folder of the files as root.");
  }
  if (protect.length > 0 && variables.length === 0) {
    notes.push(
      "Authorizers hand on no variables: none is named by @Authorizer({ variables }) or in the deployment.",
    );
  }
  return notes;
}

/** What is worth a sentence about a Web server that cannot refuse links. */
export function linkNotes({ deployment: { root, links } }: Plan, server: string): string[] {
  if (root === undefined || links === "followed") return [];
  return [
    `${server} follows symbolic links: one below the root that leads into what is protected, or out of the root, is served` +
      " unasked, so keep links out of it. --links followed says that you know.",
  ];
}
