import { ConfigurationError } from "../../errors.js";
import type { RoutingPlan } from "./plan.js";

/** What a server can do by SCGI. */
export interface ScgiFacts {
  readonly server: string;
  /** Whether the deployment connects to a running application in the one way that the server has for SCGI. */
  readonly isConnected: boolean;
  /** That way, as the deployment names it. */
  readonly connect: string;
}

/**
 * Refuses SCGI for what a server has only for FastCGI: authorizers, which SCGI cannot ask, and other ways to an application.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT`
 */
export function requireScgi(
  { deployment, protect }: RoutingPlan,
  { server, isConnected, connect }: ScgiFacts,
): void {
  if (deployment.protocol !== "scgi") return;
  if (protect.length > 0) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write SCGI for ${server}: it cannot ask authorizers by SCGI, and ${protect[0]} has one; leave out --scgi, or use nginx`,
    );
  }
  if (!isConnected) {
    throw new ConfigurationError("ERR_DEPLOYMENT", `Cannot write SCGI for ${server}: it needs ${connect}`);
  }
}
