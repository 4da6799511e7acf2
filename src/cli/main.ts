#!/usr/bin/env node
/** The command `tricorn`. */
import { readFileSync } from "node:fs";

import { configCommand } from "./config-command.js";
import { TricornError } from "../errors.js";
import { explainedAt } from "../diagnostics/start-failure.js";
import { help } from "./help.js";
import { serveCommand } from "./serve-command.js";
import { UsageError } from "./usage-error.js";

const [command, ...args] = process.argv.slice(2);

/** Exits when all output is written, even if a loaded module still runs something. */
function end(code: number): void {
  process.stdout.write("", () => process.exit(code));
}

// The reader of a pipe may close it early.
process.stdout.on("error", () => process.exit(0));

try {
  if (!(await run())) end(0);
} catch (error) {
  const documented = command === "serve" ? command : "config";
  const isUsage = error instanceof UsageError;
  const fact = error instanceof Error ? error.message : String(error);
  const code = error instanceof TricornError ? `    ${explainedAt(error.code)}\n` : "";
  process.stderr.write(`tricorn: ${fact}${isUsage ? `; see tricorn ${documented} --help` : ""}\n${code}`);
  end(isUsage ? 2 : 1);
}

/** Runs the command. Returns whether the process has to go on. */
async function run(): Promise<boolean> {
  switch (command) {
    case "config":
      await configCommand(args);
      return false;
    case "serve":
      return serveCommand(args);
    case "--help":
    case "-h":
    case "help":
      process.stdout.write(help());
      return false;
    case "--version": {
      const { version } = JSON.parse(
        readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
      ) as { readonly version: string };
      process.stdout.write(`${version}\n`);
      return false;
    }
    case undefined:
      throw new UsageError("a command is required: config or serve");
    default:
      throw new UsageError(`unknown command ${JSON.stringify(command)}`);
  }
}
