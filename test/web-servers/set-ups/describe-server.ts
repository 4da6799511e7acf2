import { describeAuthorizer } from "../../support/web-servers/describe-authorizer.js";
import { describeFilter } from "../../support/web-servers/describe-filter.js";
import { describeLibrary } from "../../support/web-servers/describe-library.js";
import { describeResponder, describeSpawnedResponder } from "../../support/web-servers/describe-responder.js";
import type { ServerName, SetUp } from "../../support/web-servers/set-up.js";
import { filterSetUps, librarySetUps } from "./all-roles.js";
import { authorizerSetUps } from "./authorizers.js";
import { responderSetUps } from "./responders.js";

/** Describes all set-ups of one Web server. Each server has a file of its own, so that they are run side by side. */
export function describeServer(name: ServerName): void {
  const isOurs = ({ server }: SetUp): boolean => server === name;
  for (const setUp of responderSetUps.filter(isOurs)) {
    if (setUp.isSpawned) describeSpawnedResponder(setUp);
    else describeResponder(setUp);
  }
  authorizerSetUps.filter(isOurs).forEach(describeAuthorizer);
  filterSetUps.filter(isOurs).forEach(describeFilter);
  librarySetUps.filter(isOurs).forEach(describeLibrary);
}
