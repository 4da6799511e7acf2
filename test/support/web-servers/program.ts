import { fileURLToPath } from "node:url";

import { commandOf } from "../node-process.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A program of `programs/`, as a command. */
export interface Program {
  readonly program: string;
  readonly args: readonly string[];
  /** The project. */
  readonly cwd: string;
}

/** The names of the programs. */
export type ProgramName = "contract" | "gate" | "started" | "whole-gate";

/** The command that runs a program of `programs/`. */
export function program(name: ProgramName): Program {
  const [node, file] = commandOf(`test/support/web-servers/programs/${name}.ts`);
  return { program: node, args: [file!], cwd: root };
}

/**
 * A script that runs it from anywhere, for Web servers that start programs by a path. It hands its arguments on, as no
 * script should: a CGI program gets them from the client.
 */
export function programScript(name: ProgramName, env: Readonly<Record<string, string>> = {}): string {
  const { program: node, args, cwd } = program(name);
  const variables = Object.entries(env).map(([variable, value]) => `${variable}=${quote(value)} `);
  return `#!/bin/sh\ncd ${quote(cwd)}\n${variables.join("")}exec ${[node, ...args].map(quote).join(" ")} "$@"\n`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
