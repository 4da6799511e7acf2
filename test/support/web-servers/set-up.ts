import type { DeploymentInput } from "../../../src/config/deployment.js";
import type {
  AuthorizerDifferences,
  FilterDifferences,
  LibraryDifferences,
  ResponderDifferences,
} from "./differences.js";

/** A Web server that `tricorn config` writes configurations for. */
export type ConfiguredServer = "nginx" | "apache" | "lighttpd" | "caddy" | "haproxy" | "h2o" | "jetty";

/** A Web server that the tests run Tricorn behind. */
export type ServerName = ConfiguredServer | "gateway";

/** How people call the servers. */
export const serverNames: Readonly<Record<ServerName, string>> = {
  nginx: "nginx",
  apache: "Apache httpd",
  lighttpd: "lighttpd",
  caddy: "Caddy",
  haproxy: "HAProxy",
  h2o: "H2O",
  jetty: "Jetty",
  gateway: "the embedded gateway",
};

/** What a set-up is about: a role behind a Web server, all of them, or a program that starts the application. */
export type Door = "responder" | "authorizer" | "filter" | "library" | "starter";

/** What docs/web-servers.md tells of a set-up; it goes with the result of each of its tests. */
export interface SetUpFacts {
  /** Its name in the tables, such as `nginx-unix`. */
  readonly id: string;
  /** The Web server or the program, as people call it. */
  readonly server: string;
  readonly door: Door;
  /** In what way it is asked or started: one phrase. */
  readonly how: string;
}

declare module "vitest" {
  interface TaskMeta {
    setUp?: SetUpFacts;
    /** The version of the server, as it tells it itself. */
    version?: string;
  }
}

/** One way to put an application behind a Web server, configured by what `tricorn config` writes. */
export interface SetUp {
  readonly id: string;
  readonly server: ServerName;
  readonly how: string;
  /** What the application listens on, and whether for SCGI; TCP for FastCGI if left out. */
  readonly over?: "tcp" | "unix" | "scgi" | "scgi-unix";
  /** Where the application is found below the server's address: "/app"; the root if left out. */
  readonly mount?: string;
  /** Whether the Web server starts the application. */
  readonly isSpawned?: true;
  /** What the deployment says beside addresses, folders and mount. */
  readonly deployment?: DeploymentInput;
}

/** A set-up in which a Web server asks responders. */
export interface ResponderSetUp extends SetUp {
  /** What becomes of FastCGI connections behind an answer; not looked at if left out. */
  readonly connections?: "closed" | "kept";
  readonly differences?: ResponderDifferences;
}

/** A set-up in which a Web server asks authorizers, or leaves that to the application. */
export interface AuthorizerSetUp extends SetUp {
  /** Whether the application asks its authorizers itself, because the Web server cannot. */
  readonly inProcess?: true;
  /** Whether the Web server wants a name and a password before it asks anybody. */
  readonly needsPassword?: true;
  readonly differences?: AuthorizerDifferences;
}

/** A set-up in which files pass through filters. */
export interface FilterSetUp extends SetUp {
  readonly differences?: FilterDifferences;
}

/** A set-up in which the library is behind a Web server. */
export interface LibrarySetUp extends SetUp {
  readonly differences?: LibraryDifferences;
}
