import type { Deployment } from "../deployment.js";
import { ownName, ownVariable } from "../plan/own-name.js";

/** The names that a configuration gives to its parts. */
export interface NginxNames {
  readonly upstream: string;
  /** An internal location: client requests cannot reach it. */
  readonly authorizePath: string;
  /** The location that passes a request to the application, if there is no file. */
  readonly application: string;
  /** The location for denials of `status`. */
  readonly denied: (status: 401 | 403) => string;
  /** The nginx variable for a variable of the authorizer. */
  readonly variable: (name: string) => string;
  /** The nginx variable for a part of a denial. No variable of an authorizer has its name. */
  readonly denial: (part: "status" | "location" | "cookie") => string;
  /** The nginx variable by whose value requests go to the same upstream. */
  readonly affinity: string;
}

/** Short names for a whole server; for a part of a site, those of this deployment alone. */
export function nginxNames(deployment: Deployment): NginxNames {
  const authorizePath = `${deployment.mount}/.tricorn/authorize`;
  if (deployment.part === "whole") {
    return {
      upstream: deployment.name,
      authorizePath,
      application: "@application",
      denied: (status) => `@tricorn_${status}`,
      variable: (name) => `$tricorn_${name.toLowerCase()}`,
      denial: (part) => `$denial_tricorn_${part}`,
      affinity: "$affinity_tricorn",
    };
  }
  const [own, prefix] = [ownName(deployment), ownVariable(deployment)];
  return {
    upstream: own,
    authorizePath,
    application: `@${own}`,
    denied: (status) => `@${own}_${status}`,
    variable: (name) => `$${prefix}_${name.toLowerCase()}`,
    denial: (part) => `$denial_${prefix}_${part}`,
    affinity: `$affinity_${prefix}`,
  };
}
