import type { OwnedFolder } from "../configuration.js";
import type { Program } from "../program.js";

/** The folder of Apache's modules on Debian, whose Apache has mod_unixd and mod_log_config built in. */
export const MODULES_FOLDER = "/usr/lib/apache2/modules";

/** A file that does not exist, in a folder that does: a path that leads to it has no PATH_INFO. */
export const FALLBACK_FILE = ".application";

/** What one part of the deployment adds to Apache's configuration. */
export interface ApacheParts {
  /** Modules without "mod_", in addition to those of every configuration. */
  readonly modules: readonly string[];
  /** Lines outside the virtual host. */
  readonly server?: readonly string[];
  /** Lines of the site. */
  readonly site: readonly string[];
  /** The program that Apache starts. */
  readonly program?: Program;
  /** Folders that must exist. */
  readonly folders?: readonly string[];
  /** The one in which Apache writes after it has dropped root's privileges. */
  readonly owned?: OwnedFolder;
  /** Variables that Apache or an authorizer sets after authentication. */
  readonly vouchesFor?: readonly string[];
  readonly notes?: readonly string[];
}
