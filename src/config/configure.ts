import { z } from "zod";

import { ConfigurationError } from "../errors.js";
import { issueFact } from "./issue-fact.js";
import type { RouteDescription } from "../paths/routes-of.js";
import type { Configuration } from "./configuration.js";
import { parseDeployment, type Deployment, type DeploymentInput } from "./deployment.js";
import { servers } from "./servers.js";

/** Options of {@link configure}. */
export interface ConfigureOptions {
  readonly deployment?: DeploymentInput;
  /** `application.description`, or its JSON. By default the routes are unknown, and all requests go to the application. */
  readonly description?: RouteDescription;
}

/** An application whose routes are unknown. */
export const UNKNOWN: RouteDescription = { responders: [], authorizers: [], filters: [] };

/** The servers whose sites can include an application, and whose whole configuration can have HTTPS with a certificate. */
const PARTS: ReadonlySet<string> = new Set(["apache", "caddy", "h2o", "haproxy", "lighttpd", "nginx"]);
/** The servers that balance between several upstreams. */
const BALANCERS: ReadonlySet<string> = new Set(["haproxy", "nginx"]);
/** The servers that can speak SCGI to the application, and systemd, whose socket can be for it. */
const SCGI: ReadonlySet<string> = new Set(["apache", "lighttpd", "nginx", "systemd"]);

const Globs = z.array(z.string());
/** Other members, such as names, are kept. */
const Description = z.looseObject({
  responders: z.array(
    z.looseObject({
      routes: z.array(z.looseObject({ path: z.string(), streams: z.boolean().optional() })),
    }),
  ),
  authorizers: z.array(z.looseObject({ paths: Globs, variables: z.array(z.string()).optional() })),
  filters: z.array(z.looseObject({ paths: Globs })),
});

/**
 * Generates the configuration of a Web server: `configure("nginx", { deployment, description: application.description })`.
 *
 * @throws ConfigurationError `ERR_WEB_SERVER` for an unknown server, `ERR_DEPLOYMENT` for a deployment that is invalid or that the
 *   server does not support, `ERR_GLOB` for a glob that cannot be translated
 */
export function configure(
  server: string,
  { deployment = {}, description = UNKNOWN }: ConfigureOptions = {},
): Configuration {
  const write = Object.hasOwn(servers, server) ? servers[server] : undefined;
  if (write === undefined) {
    throw new ConfigurationError(
      "ERR_WEB_SERVER",
      `Cannot configure ${JSON.stringify(server)}: there are ${Object.keys(servers).join(", ")}`,
    );
  }
  const parsed = parseDeployment(deployment);
  refuseUnsupported(server, parsed);
  return write({ deployment: parsed, description: parseDescription(description) });
}

/** Refuses what a server has no configuration for, which it would otherwise silently not get. */
function refuseUnsupported(server: string, { part, tls, protocol, listen, upstream }: Deployment): void {
  const addresses = server === "systemd" ? listen : upstream;
  if (addresses.length > 1 && !BALANCERS.has(server)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      server === "systemd"
        ? "Cannot write a unit with several addresses for systemd: leave out all --listen but one"
        : `Cannot balance between several upstreams with ${server}: only with ${[...BALANCERS].join(", ")}; leave one --upstream`,
    );
  }
  if (part === "into" && !PARTS.has(server)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write a part of a site for ${server}: only for ${[...PARTS].join(", ")}; leave out --into`,
    );
  }
  if (protocol === "scgi" && !SCGI.has(server)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write SCGI for ${server}: only for ${[...SCGI].join(", ")}; leave out --scgi`,
    );
  }
  if (tls.certificate !== undefined && !PARTS.has(server)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write HTTPS for ${server}: only for ${[...PARTS].join(", ")}; leave out tls.certificate`,
    );
  }
}

/**
 * Checks a description.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` that lists every invalid member
 */
export function parseDescription(input: unknown): RouteDescription {
  const { success, data, error } = Description.safeParse(input, { error: issueFact });
  if (success) return data as RouteDescription;
  const facts = error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
  throw new ConfigurationError(
    "ERR_DEPLOYMENT",
    `Cannot read the description of an application: ${facts.join("; ")}`,
    error,
  );
}
