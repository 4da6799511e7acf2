import type { Program } from "../program.js";

/** Where Debian has Apache's modules; mod_unixd and mod_log_config are compiled in. */
export const MODULES = "/usr/lib/apache2/modules";

/** What one part of the application's deployment needs of Apache. */
export interface ApacheParts {
  /** Modules without their "mod_", beside those that every configuration has. */
  readonly modules: readonly string[];
  /** Lines that stand outside of a virtual host. */
  readonly server?: readonly string[];
  /** Lines of the site. */
  readonly site: readonly string[];
  /** What Apache starts. */
  readonly program?: Program;
  /** Variables that Apache, having authenticated, or an authorizer vouches for. */
  readonly vouchesFor?: readonly string[];
  readonly notes?: readonly string[];
}
