import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const loader = import.meta.resolve("@oxc-node/core/register");

/** A TypeScript program of `programs/`, as a command. */
export interface Program {
  readonly program: string;
  readonly args: readonly string[];
  /** The project: the loader reads its tsconfig.json there. */
  readonly cwd: string;
}

/** The names of the programs. */
export type ProgramName = "contract" | "gate" | "started" | "whole-gate";

/** The command that runs a program of `programs/`. */
export function program(name: ProgramName): Program {
  const file = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
  return {
    program: process.execPath,
    args: ["--import", loader, file],
    cwd: root,
  };
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
