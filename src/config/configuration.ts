import type { RouteDescription } from "../paths/routes-of.js";
import type { Deployment } from "./deployment.js";

/** One file of a configuration. */
export interface ConfigurationFile {
  /** Its name, or its path where it has to lie in a certain place of the system. */
  readonly name: string;
  readonly text: string;
  /** Whether it is a program. */
  readonly executable?: boolean;
}

/** A whole configuration: what a Web server needs to serve an application, and no more. */
export interface Configuration {
  /** The main file first. */
  readonly files: readonly ConfigurationFile[];
  /** The command that lets the Web server check it; undefined where the server has none. */
  readonly check: string | undefined;
  /** The command that runs the Web server with it. */
  readonly run: string;
  /** What the application must be told. */
  readonly needs: ApplicationNeeds;
  /** What whoever uses it should know beside that, a sentence each. */
  readonly notes: readonly string[];
  /** Folders that must be there before the Web server runs, such as `state`. */
  readonly folders: readonly string[];
  /**
   * The command that root must run first: the server gives up root's rights before it writes into `state`. Undefined where
   * there is nothing to do.
   */
  readonly asRoot?: string;
  /** Whether what it configures starts the application, and hands it the socket; false if left out. */
  readonly startsApplication?: boolean;
  /** Whether it is run by the tests of this project; else it follows from the server's documentation alone. */
  readonly isTested: boolean;
}

/** What an application must be told so that a configuration works; nothing if empty. */
export interface ApplicationNeeds {
  /** An option of `createApplication`, where the Web server does not tell the mount. */
  readonly mount?: string;
  /** An option of `serve`: who may connect to its unix socket. */
  readonly socketAccess?: { readonly group: string };
  /** An option of `serve`: the variables that the Web server vouches for. */
  readonly vouchesFor?: readonly string[];
  /** An option of `serve`. */
  readonly bridges?: {
    /** The Web server cannot ask: the application has to ask its authorizers itself. */
    readonly authorizer?: { readonly inProcess: true };
    /** The folder of the files that filters transform. */
    readonly filter?: { readonly root: string };
  };
}

/** What a configuration is written from. */
export interface ConfigurationSource {
  readonly deployment: Deployment;
  /** The application's own routes and globs, `application.description`. */
  readonly description: RouteDescription;
}

/** Writes the configuration of one Web server. Pure: it reads no file and asks nobody. */
export type ConfigurationWriter = (source: ConfigurationSource) => Configuration;
