#!/usr/bin/env node
/** The command `tricorn`. */
import { readFileSync } from "node:fs";

import { ConfigurationError, TricornError } from "../errors.js";
import { explainedAt } from "../diagnostics/start-failure.js";
import { UsageError } from "./usage-error.js";

/** The commands that have a help of their own. */
const DOCUMENTED = new Set(["init", "dev", "config", "serve", "status", "ping", "reload", "stop"]);

const [command, ...args] = process.argv.slice(2);

/** Exits when all output is written, even if a loaded module still runs something. */
function end(code: number): void {
  process.stdout.write("", () => process.exit(code));
}

// The reader of a pipe may close it early.
process.stdout.on("error", () => process.exit(0));

try {
  const code = await run();
  if (code !== undefined) end(code);
} catch (error) {
  const documented = command !== undefined && DOCUMENTED.has(command) ? `${command} --help` : "--help";
  const isUsage = error instanceof UsageError;
  const fact = error instanceof Error ? error.message : String(error);
  const place =
    error instanceof ConfigurationError && error.place !== undefined ? `    at ${error.place}\n` : "";
  const code = error instanceof TricornError ? `    ${explainedAt(error.code)}\n` : "";
  process.stderr.write(`tricorn: ${fact}${isUsage ? `; see tricorn ${documented}` : ""}\n${place}${code}`);
  end(isUsage ? 2 : 1);
}

/** Runs the command, and loads nothing for others: probes run `tricorn ping` every few seconds. Returns its exit code; undefined if the process has to go on. */
async function run(): Promise<number | undefined> {
  switch (command) {
    case "init": {
      const { initCommand } = await import("./init-command.js");
      await initCommand(args);
      return 0;
    }
    case "config": {
      const { configCommand } = await import("./config-command.js");
      return configCommand(args);
    }
    case "dev": {
      const { devCommand } = await import("./dev-command.js");
      return (await devCommand(args)) ? undefined : 0;
    }
    case "serve": {
      const { serveCommand } = await import("./serve-command.js");
      return (await serveCommand(args)) ? undefined : 0;
    }
    case "status":
    case "ping":
    case "reload":
    case "stop": {
      const { controlCommand } = await import("./control-command.js");
      return controlCommand(command, args);
    }
    case "--help":
    case "-h":
    case "help": {
      const { help } = await import("./help.js");
      process.stdout.write(help());
      return 0;
    }
    case "--version": {
      const { version } = JSON.parse(
        readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
      ) as { readonly version: string };
      process.stdout.write(`${version}\n`);
      return 0;
    }
    case undefined:
      throw new UsageError("a command is required: init, dev, config, serve, status, ping, reload or stop");
    default:
      throw new UsageError(`unknown command ${JSON.stringify(command)}`);
  }
}
