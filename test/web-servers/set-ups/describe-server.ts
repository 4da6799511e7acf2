import {
  describeAuthorizer,
  describeFilter,
  describeLibrary,
  describeResponder,
} from "../../support/web-servers/describe-set-up.js";
import type { ServerName, SetUp } from "../../support/web-servers/set-up.js";
import { filterSetUps, librarySetUps } from "./all-roles.js";
import { authorizerSetUps } from "./authorizers.js";
import { responderSetUps } from "./responders.js";

/** Describes all set-ups of one Web server. Each has a file of its own, so that they are run side by side. */
export function describeServer(name: ServerName): void {
  const isOurs = ({ server }: SetUp): boolean => server === name;
  responderSetUps.filter(isOurs).forEach(describeResponder);
  authorizerSetUps.filter(isOurs).forEach(describeAuthorizer);
  filterSetUps.filter(isOurs).forEach(describeFilter);
  librarySetUps.filter(isOurs).forEach(describeLibrary);
}
