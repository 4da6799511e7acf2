import { ConfigurationError } from "../errors.js";
import { Dispatcher } from "../roles/dispatcher.js";
import type { RequestObserver } from "../events/request-event.js";
import type { Door } from "../roles/door.js";
import type { Roles } from "../roles/roles.js";
import { authorizerGuard } from "./authorizer/authorizer-guard.js";
import { authorizerQuestions } from "./authorizer/authorizer-questions.js";
import { UnaskedAuthorizers } from "./authorizer/unasked-authorizers.js";
import { refuseUndeclaredMounts } from "./authorizer/undeclared-mount.js";
import { warnOfUnreachedFilters } from "./filter/unreached-filters.js";
import { checkBridges, checkVouchesFor, type BridgeOptions, type ListenerOptions } from "./bridge-options.js";

/** Who observes the requests of a listener. */
export interface ListenerObservers {
  readonly observers?: readonly RequestObserver[] | undefined;
}

/**
 * Opens the roles of an application for one listener: with what its Web server vouches for, and with the doors that lead
 * from the responder role to the other two.
 *
 * @throws ConfigurationError `ERR_BRIDGE`, `ERR_VOUCHES_FOR` for invalid options, `ERR_DOCUMENT_ROOT` for a folder
 *   that cannot be served
 */
export async function openDispatcher(
  roles: Roles,
  { bridges = {}, vouchesFor = [], observers }: ListenerOptions & ListenerObservers = {},
): Promise<Dispatcher> {
  checkBridges(bridges);
  return new Dispatcher(roles, {
    vouchesFor: checkVouchesFor(vouchesFor),
    observers,
    doors: await openDoors(roles, bridges),
  });
}

/** The doors of a listener, in the order in which a request passes them on the way to its role. */
async function openDoors(roles: Roles, bridges: BridgeOptions): Promise<readonly Door[]> {
  const { authorizer, context } = roles;
  const { inProcess = false, ...names } = bridges.authorizer ?? {};
  const hasAuthorizers = authorizer.gates.count > 0;
  if (inProcess && !hasAuthorizers) throw noAuthorizer();
  const unasked =
    hasAuthorizers && !inProcess ? new UnaskedAuthorizers(authorizer.gates, context) : undefined;
  const doors = [
    // A question to the authorizers is answered with their decision.
    authorizerQuestions(roles, { ...names, unasked }),
    // This process asks the authorizers, if the Web server cannot.
    inProcess ? authorizerGuard(authorizer) : undefined,
    // Otherwise: warns once of a Web server that does not ask them, and refuses what that server cannot ask about.
    unasked?.door,
    unasked && refuseUndeclaredMounts(roles),
    // A file that a filter transforms is answered by the filter, or warned of if there is no folder of files.
    bridges.filter && (await openFilterDoor(roles, bridges)),
    roles.filter && !bridges.filter ? warnOfUnreachedFilters(roles) : undefined,
  ];
  return doors.filter((door) => door !== undefined);
}

async function openFilterDoor(roles: Roles, { authorizer, filter }: BridgeOptions): Promise<Door> {
  // Loaded only if it is declared: it has a cache, and reads files.
  const { FilterBridge } = await import("./filter/filter-bridge.js");
  const bridge = await FilterBridge.open(roles, { ...filter!, inProcess: authorizer?.inProcess });
  return bridge.door;
}

function noAuthorizer(): ConfigurationError {
  return new ConfigurationError(
    "ERR_BRIDGE",
    "Cannot serve: bridges.authorizer.inProcess is true, but the application has no authorizer; list it among the " +
      "controllers, or omit the option",
  );
}
