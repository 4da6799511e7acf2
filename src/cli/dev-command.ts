import { Development } from "../dev/development.js";
import { JsonReporter } from "../dev/json-reporter.js";
import type { Reporter } from "../dev/reporter.js";
import { TerminalReporter } from "../dev/terminal-reporter.js";
import { defaultLog, logStream } from "../log/default-log.js";
import { parseDevArguments } from "./dev-arguments.js";
import { devHelp } from "./help.js";

/** npm repeats the signal of a terminal: the same one, this soon after the first, is no second one; ms. */
const REPEATED = 300;

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
  let asked: { readonly by: NodeJS.Signals; readonly at: number } | undefined;
  const development = new Development({ ...options, reporter: reporter() });
  const end = (signal: NodeJS.Signals, number: number): void => {
    if (asked?.by === signal && performance.now() - asked.at < REPEATED) return;
    if (asked !== undefined) {
      development.kill();
      process.exit(128 + number);
    }
    asked = { by: signal, at: performance.now() };
    void development.stop().then(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  await development.open();
  return true;
}

/** Text for a terminal, JSON for everything else. */
function reporter(): Reporter {
  if (process.stderr.isTTY) {
    const hasColors = process.stderr.hasColors();
    return new TerminalReporter({ write: (text) => process.stderr.write(text), hasColors });
  }
  const stream = logStream();
  return new JsonReporter({ log: defaultLog([]).log, write: (line) => stream?.write(line) });
}
