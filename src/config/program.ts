import { ConfigurationError } from "../errors.js";
import type { ConfigurationFile } from "./configuration.js";
import type { Deployment } from "./deployment.js";
import { ownName } from "./plan/own-name.js";

/** The program by which a Web server starts the application. */
export interface Program {
  readonly path: string;
  /** The folder that contains only this program. */
  readonly folder: string;
  readonly file: ConfigurationFile;
}

/**
 * Generates a script that runs the command of a deployment and ignores its own arguments: mod_fcgid's hooks accept only a path,
 * lighttpd splits at every space, and a CGI program gets arguments from the client's query.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if there is no command
 */
export function programOf(deployment: Deployment, starter: string): Program {
  const { state, command, directory, part } = deployment;
  const words = requireCommand(command, starter);
  const name = part === "whole" ? deployment.name : ownName(deployment);
  const folder = `${state ?? "/usr/local/lib"}/${name}`;
  const path = `${folder}/${name}`;
  const lines = [
    "#!/bin/sh",
    "# Arguments are ignored on purpose: a client chooses those of a CGI program.",
    // With exec, signals reach the application itself.
    ...(directory === undefined ? [] : [`cd ${shellWord(directory)} || exit 1`]),
    `exec ${words.map(shellWord).join(" ")}`,
  ];
  return { path, folder, file: { name: path, text: `${lines.join("\n")}\n`, executable: true } };
}

/**
 * Returns the command of a deployment for a program that starts the application.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if there is no command
 */
export function requireCommand(command: Deployment["command"], starter: string): readonly string[] {
  if (command !== undefined) return command;
  throw new ConfigurationError(
    "ERR_DEPLOYMENT",
    `Cannot configure ${starter}: it starts the application, but the deployment has no command; ` +
      "add `-- node dist/main.js` after the options, or `command` to the deployment",
  );
}

/** A literal word of sh(1). */
export function shellWord(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
