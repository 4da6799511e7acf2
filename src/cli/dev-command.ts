import { Development } from "../dev/development.js";
import { JsonReporter } from "../dev/json-reporter.js";
import type { Reporter } from "../dev/reporter.js";
import { TerminalReporter } from "../dev/terminal-reporter.js";
import { defaultLog, logStream } from "../log/default-log.js";
import { parseDevArguments } from "./dev-arguments.js";
import { devHelp } from "./help.js";

/** npm sends the signal of a terminal once more: what comes this soon after the first one is not a second wish; ms. */
const SAME_SIGNAL = 300;

/**
 * `tricorn dev`: runs a program behind the embedded gateway. Resolves when the server listens; SIGINT, SIGTERM and SIGHUP end the
 * process, a second one at once.
 *
 * @throws UsageError, ConfigurationError
 * @returns whether the process has to go on
 */
export async function devCommand(args: readonly string[]): Promise<boolean> {
  const { help, ...options } = parseDevArguments(args);
  if (help) {
    process.stdout.write(devHelp());
    return false;
  }
  let askedAt: number | undefined;
  const development = new Development({ ...options, reporter: reporter() });
  const end = (signal: NodeJS.Signals, number: number): void => {
    if (askedAt !== undefined && performance.now() - askedAt < SAME_SIGNAL) return;
    if (askedAt !== undefined) {
      development.kill();
      process.exit(128 + number);
    }
    askedAt = performance.now();
    void development.stop().then(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  await development.open();
  return true;
}

/** Text for a terminal, JSON for everything else. */
function reporter(): Reporter {
  if (process.stderr.isTTY) return new TerminalReporter((text) => process.stderr.write(text));
  const stream = logStream();
  return new JsonReporter({ log: defaultLog([]).log, write: (line) => stream?.write(line) });
}
