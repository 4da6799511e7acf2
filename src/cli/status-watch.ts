import { setTimeout as delay } from "node:timers/promises";

import { ConfigurationError } from "../errors.js";
import { oneLine } from "../log/redact.js";
import { formatStatus, type Status } from "../supervisor/status.js";
import { TerminalScreen } from "./terminal-screen.js";

/** How often the status is asked for; ms. */
const INTERVAL = 1_000;

/** The signals that end it: Ctrl-C, and what ends a session. */
const END_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What is printed of each snapshot. */
export interface WatchOptions {
  readonly json: boolean;
}

/** Where snapshots are shown. */
interface Output {
  show(text: string): void;
  close(): void;
}

/**
 * Shows the status again each second, until a signal comes: in place on a terminal, one after another elsewhere. A master that has
 * ended is waited for.
 *
 * @returns the exit code
 * @throws ConfigurationError if the first snapshot cannot be made
 */
export async function watchStatus(snapshot: () => Promise<Status>, { json }: WatchOptions): Promise<number> {
  const format = (status: Status): string => (json ? `${JSON.stringify(status)}\n` : formatStatus(status));
  const end = new AbortController();
  for (const signal of END_SIGNALS) process.once(signal, () => end.abort());
  const ended = new Promise<undefined>((resolve) => {
    end.signal.addEventListener("abort", () => resolve(undefined));
  });
  const first = await Promise.race([snapshot(), ended]);
  if (first === undefined) return 0;
  const output: Output =
    process.stdout.isTTY && !json ? new TerminalScreen(process.stdout) : plainOutput(json);
  let text: string | undefined = format(first);
  while (text !== undefined) {
    output.show(text);
    await delay(INTERVAL, undefined, { signal: end.signal }).catch(() => {});
    text = await Promise.race([snapshot().then(format, waitingFor), ended]);
    if (end.signal.aborted) break;
  }
  output.close();
  return 0;
}

/** What is shown while no master answers. */
function waitingFor(error: unknown): string {
  if (!(error instanceof ConfigurationError)) throw error;
  return `${oneLine(error.message)}\nWaiting for a master.\n`;
}

/** Prints each text after the last one, unless it is the same: a master that is waited for is one. */
function plainOutput(json: boolean): Output {
  let last = "";
  return {
    show: (text) => {
      if (text === last) return;
      // For readers of JSON there is nothing to say.
      if (!json || text.startsWith("{")) process.stdout.write(json || last === "" ? text : `\n${text}`);
      last = text;
    },
    close: () => {},
  };
}
