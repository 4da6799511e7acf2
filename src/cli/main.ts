#!/usr/bin/env node
/** The command `tricorn`. */
import { readFileSync } from "node:fs";

import { UsageError } from "./config-arguments.js";
import { configCommand } from "./config-command.js";
import { TricornError } from "../errors.js";
import { explainedAt } from "../diagnostics/start-failure.js";
import { help } from "./help.js";

const [command, ...args] = process.argv.slice(2);

/** Exits when all output is written, even if a loaded module still runs something. */
function end(code: number): void {
  process.stdout.write("", () => process.exit(code));
}

// The reader of a pipe may close it early.
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
      throw new UsageError("a command is required: config");
    default:
      throw new UsageError(`unknown command ${JSON.stringify(command)}`);
  }
}
