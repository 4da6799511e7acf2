import { pathRegex } from "../plan/path-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";
import { authorizationDirectives, denialLocations, questionLocation } from "./nginx-authorizer.js";
import { guardDirectives } from "./nginx-guard.js";
import {
  defaultDirectives,
  emptyFolderDirectives,
  passDirectives,
  specialLocations,
} from "./nginx-locations.js";
import { nginxNames } from "./nginx-names.js";
import { nginxParams } from "./nginx-params.js";
import { nginxRegex, nginxWord } from "./nginx-text.js";
import { rootDirectives, transportDirectives } from "./nginx-transport.js";

/** The locations of the mount, in a `server` block. No other path reaches them. */
export function mountLocations(plan: RoutingPlan): string[] {
  const { deployment, protect } = plan;
  const { mount } = deployment;
  const guard = guardDirectives(plan);
  return [
    ...block(`location = ${nginxWord(mount)}`, [`rewrite ^ ${nginxWord(`${mount}/`)} last;`]),
    "",
    "# With ^~, no regular expression of the server takes a path below the mount.",
    ...block(`location ^~ ${nginxWord(`${mount}/`)}`, [
      ...guard,
      ...rootDirectives(deployment),
      ...ownSettings(plan),
      ...(protect.length === 0 ? [] : [...questionLocation(plan), ...protectedLocation(plan, guard)]),
      ...(isAllProtected(plan) ? [] : publicDirectives(plan, guard)),
    ]),
    ...(protect.length === 0 ? [] : denialLocations(plan)),
    ...applicationLocation(plan),
  ];
}

/** In a site, a location sets what a whole server sets for all of its locations, and undoes what it inherits. */
function ownSettings(plan: RoutingPlan): string[] {
  if (plan.deployment.part === "whole") return [];
  return [
    ...paragraph("What the site sets for other FastCGI applications has no effect here.", [
      "fastcgi_cache off;",
      "fastcgi_store off;",
      "fastcgi_buffering on;",
      "fastcgi_request_buffering on;",
      "fastcgi_intercept_errors off;",
      "fastcgi_ignore_client_abort off;",
      "fastcgi_pass_request_headers on;",
      "fastcgi_pass_request_body on;",
    ]),
    "",
    ...transportDirectives(plan.deployment),
    ...nginxParams(plan),
    "",
  ];
}

function isAllProtected({ protect, deployment }: RoutingPlan): boolean {
  return protect.includes(`${deployment.mount}/**`);
}

/** The paths that an authorizer must allow, before all other locations of the mount. */
function protectedLocation(plan: RoutingPlan, guard: readonly string[]): string[] {
  const regex = pathRegex(plan.protect, { unit: "bytes", covers: "anyReading" });
  return paragraph(
    "An authorizer must allow these, static files included. nginx uses the first matching regular expression.",
    block(`location ~* ${nginxRegex(regex)}`, [
      ...guard,
      ...authorizationDirectives(plan),
      ...specialLocations(plan, guard),
      "",
      ...defaultDirectives(plan),
    ]),
  );
}

/** The other paths of the mount. */
function publicDirectives(plan: RoutingPlan, guard: readonly string[]): string[] {
  return [...specialLocations(plan, guard), "", ...defaultDirectives(plan), ...emptyFolderDirectives(plan)];
}

/** The target of `try_files` if there is no file. Outside of the mount's location, it inherits nothing from it. */
function applicationLocation(plan: RoutingPlan): string[] {
  const { deployment } = plan;
  if (deployment.root === undefined) return [];
  return [
    "",
    ...block(`location ${nginxNames(deployment).application}`, [
      ...ownSettings(plan),
      ...passDirectives(plan),
    ]),
  ];
}
