import type { RouteDescription } from "../routes-of.js";
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
  /** Whether it is run by the tests of this project; else it follows from the server's documentation alone. */
  readonly isTested: boolean;
}

/** What a configuration is written from. */
export interface ConfigurationSource {
  readonly deployment: Deployment;
  /** The application's own routes and globs, `application.description`. */
  readonly description: RouteDescription;
}

/** Writes the configuration of one Web server. Pure: it reads no file and asks nobody. */
export type ConfigurationWriter = (source: ConfigurationSource) => Configuration;
