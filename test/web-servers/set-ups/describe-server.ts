import { describeAuthorizer } from "../../support/web-servers/describe-authorizer.js";
import { describeFilter } from "../../support/web-servers/describe-filter.js";
import { describeLibrary } from "../../support/web-servers/describe-library.js";
import { describeResponder, describeSpawnedResponder } from "../../support/web-servers/describe-responder.js";
import type { ServerName, SetUp } from "../../support/web-servers/set-up.js";
import { filterSetUps, librarySetUps } from "./all-roles.js";
import { authorizerSetUps } from "./authorizers.js";
import { responderSetUps } from "./responders.js";

/** Describes all set-ups of one Web server. Each server has a separate test file, so that they run in parallel. */
export function describeServer(name: ServerName): void {
  describeResponders(name);
  describeAuthorizers(name);
  describeOthers(name);
}

/** Describes those in which it asks responders. */
export function describeResponders(name: ServerName): void {
  for (const setUp of ofServer(responderSetUps, name)) {
    if (setUp.isSpawned) describeSpawnedResponder(setUp);
    else describeResponder(setUp);
  }
}

/** Describes those in which it asks authorizers. */
export function describeAuthorizers(name: ServerName): void {
  ofServer(authorizerSetUps, name).forEach(describeAuthorizer);
}

/** Describes those with filters, and with all roles at once. */
export function describeOthers(name: ServerName): void {
  ofServer(filterSetUps, name).forEach(describeFilter);
  ofServer(librarySetUps, name).forEach(describeLibrary);
}

function ofServer<T extends SetUp>(setUps: readonly T[], name: ServerName): T[] {
  return setUps.filter(({ server }) => server === name);
}
