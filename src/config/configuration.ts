import type { RouteDescription } from "../paths/routes-of.js";
import type { Deployment } from "./deployment.js";

/** One file of a configuration. */
export interface ConfigurationFile {
  /** Its name, or its absolute path if it must be installed there. */
  readonly name: string;
  readonly text: string;
  /** Whether it is a program. Default: false. */
  readonly executable?: boolean;
}

/** A folder into which a Web server writes after it has dropped root's privileges. */
export interface OwnedFolder {
  readonly path: string;
  /** The user that the Web server becomes. */
  readonly user: string;
  /** Its group; undefined if any will do. */
  readonly group?: string;
}

/** A complete configuration of a Web server for one application. */
export interface Configuration {
  /** The files, main file first. */
  readonly files: readonly ConfigurationFile[];
  /** The lines to add to the files of a site that exists (`deployment.part`); undefined for a whole server. */
  readonly additions?: readonly Addition[];
  /** The command that checks it; undefined if the server has none. */
  readonly check: string | undefined;
  /** The command that runs the Web server with it. */
  readonly run: string;
  /** Options that the application must set. */
  readonly needs: ApplicationNeeds;
  /** Notes for the user, one sentence each. */
  readonly notes: readonly string[];
  /** Folders that must exist before the Web server starts, such as `state`. */
  readonly folders: readonly string[];
  /** The folder that must belong to another user if root starts the Web server. */
  readonly owned?: OwnedFolder;
  /** A shell command to run first, such as one that joins a certificate and its key. */
  readonly before?: string;
  /** Whether the configured program starts the application and passes it the socket. Default: false. */
  readonly startsApplication?: boolean;
  /** Whether this project's tests run it. If not, it follows the server's documentation. */
  readonly isTested: boolean;
}

/** A line that the administrator adds to a file of the site. */
export interface Addition {
  readonly line: string;
  /** Where it belongs, such as "in the site's server block, /etc/nginx/sites-available/default on Debian". */
  readonly place: string;
}

/** The fields that differ between a whole server and what a site includes (`deployment.part`). */
export type ConfigurationPart = Pick<
  Configuration,
  "files" | "additions" | "check" | "run" | "folders" | "owned" | "before"
>;

/** Options that an application must set for a configuration to work. */
export interface ApplicationNeeds {
  /** An option of `createApplication`, if the Web server does not send the mount. */
  readonly mount?: string;
  /** An option of `serve`: the group that may connect to the unix socket. */
  readonly socketAccess?: { readonly group: string };
  /** An option of `serve`: the variables that the Web server vouches for. */
  readonly vouchesFor?: readonly string[];
  /** An option of `serve`. */
  readonly bridges?: {
    /** The application asks its authorizers itself, because the Web server cannot. */
    readonly authorizer?: { readonly inProcess: true };
    /** The folder of the filtered files. */
    readonly filter?: { readonly root: string };
  };
}

/** The input of a configuration. */
export interface ConfigurationSource {
  readonly deployment: Deployment;
  /** The application's own routes and globs, `application.description`. */
  readonly description: RouteDescription;
}

/** Generates the configuration of one Web server. It does no I/O. */
export type ConfigurationWriter = (source: ConfigurationSource) => Configuration;
