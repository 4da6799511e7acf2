import { ConfigurationError } from "../errors.js";
import { COMMAND_CURE } from "./command-cure.js";
import type { ConfigurationFile } from "./configuration.js";
import type { Deployment } from "./deployment.js";

/** The program that a Web server starts the application by. */
export interface Program {
  readonly path: string;
  /** The folder that has it, and nothing else. */
  readonly folder: string;
  readonly file: ConfigurationFile;
}

/**
 * A script that runs the command of a deployment. mod_fcgid's hooks take the path of a program and no arguments, lighttpd
 * splits at each blank, and a CGI program is handed what a client has written into the query: a script hands on none.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` where there is no command
 */
export function programOf({ name, state, command, directory }: Deployment, starter: string): Program {
  if (command === undefined) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure ${starter}: it starts the application, and the deployment has no command; ${COMMAND_CURE}`,
    );
  }
  const folder = `${state ?? "/usr/local/lib"}/${name}`;
  const path = `${folder}/${name}`;
  const lines = [
    "#!/bin/sh",
    "# Its arguments are left out on purpose: of a CGI program a client chooses them.",
    // No blank in front of exec: signals go to the application itself.
    ...(directory === undefined ? [] : [`cd ${shellWord(directory)} || exit 1`]),
    `exec ${command.map(shellWord).join(" ")}`,
  ];
  return { path, folder, file: { name: path, text: `${lines.join("\n")}\n`, executable: true } };
}

/** A word of sh(1) that stands for itself. */
export function shellWord(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
