import { ConfigurationError } from "../errors.js";
import { supervise } from "../supervisor/index.js";
import { serveHelp } from "./help.js";
import { parseServeArguments } from "./serve-arguments.js";
import { UsageError } from "./usage-error.js";

/**
 * `tricorn serve`: runs a program in workers. Resolves when they are ready; the process ends when they were stopped.
 *
 * @throws UsageError, ConfigurationError
 * @returns whether the process has to go on
 */
export async function serveCommand(args: readonly string[]): Promise<boolean> {
  const { help, script, log, options } = parseServeArguments(args);
  if (help) {
    process.stdout.write(serveHelp());
    return false;
  }
  if (script === undefined) throw new UsageError("a program is required: tricorn serve main.js");
  // The log of a master is the default one; its workers log to standard error, which the master reads.
  if (log !== undefined) process.env["TRICORN_LOG"] = log;
  try {
    await supervise(script, options);
  } catch (error) {
    throw log !== undefined && error instanceof ConfigurationError && error.code === "ERR_LOG_DESTINATION"
      ? new ConfigurationError(error.code, error.message.replace("TRICORN_LOG", "--log"), error)
      : error;
  }
  return true;
}
