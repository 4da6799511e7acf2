#!/usr/bin/env node
/** The command `tricorn`. */
import { readFileSync } from "node:fs";

import { configCommand } from "./config-command.js";
import { TricornError } from "../errors.js";
import { explainedAt } from "../diagnostics/start-failure.js";
import { help } from "./help.js";
import { UsageError } from "./usage-error.js";

const [command, ...args] = process.argv.slice(2);

/** Ends the process, whatever a module that was loaded has left running, once everything is printed. */
function end(code: number): void {
  process.stdout.write("", () => process.exit(code));
}

// Whoever reads may have read enough.
process.stdout.on("error", () => process.exit(0));

try {
  await run();
  end(0);
} catch (error) {
  const isUsage = error instanceof UsageError;
  const fact = error instanceof Error ? error.message : String(error);
  const code = error instanceof TricornError ? `    ${explainedAt(error.code)}\n` : "";
  process.stderr.write(`tricorn: ${fact}${isUsage ? "; see tricorn config --help" : ""}\n${code}`);
  end(isUsage ? 2 : 1);
}

async function run(): Promise<void> {
  switch (command) {
    case "config":
      return configCommand(args);
    case "--help":
    case "-h":
    case "help":
      process.stdout.write(help());
      return undefined;
    case "--version": {
      const { version } = JSON.parse(
        readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
      ) as { readonly version: string };
      process.stdout.write(`${version}\n`);
      return undefined;
    }
    case undefined:
      throw new UsageError("name a command: config");
    default:
      throw new UsageError(`there is no command ${JSON.stringify(command)}`);
  }
}
