import type { Ping } from "./ping.js";
import type { ReloadOutcome } from "./reports.js";
import type { Status } from "./status.js";

/** What the master can be asked over its control socket: one line of JSON each. */
export type ControlRequest =
  | { readonly command: "ping" }
  | { readonly command: "status" }
  | { readonly command: "reload"; readonly wait: boolean }
  /** `drain` is in ms. */
  | { readonly command: "stop"; readonly drain?: number };

/** What it answers: one line of JSON. Then it closes the connection. */
export type ControlAnswer =
  | { readonly kind: "pinged"; readonly result: Ping }
  | { readonly kind: "status"; readonly status: Status }
  /** All new workers are ready, or one did not start; with `wait`, the old ones are gone too. */
  | { readonly kind: "reloaded"; readonly outcome: ReloadOutcome }
  /** It drains or stops; the connection closes when it is gone. */
  | { readonly kind: "stopping" }
  | { readonly kind: "refused"; readonly fact: string };

/** The longest request, in bytes. */
export const MAX_REQUEST_BYTES = 1024;
/** The longest answer that a client reads, in bytes: a hundred workers with a thousand requests each. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Formats a request or an answer as a line. */
export function formatLine(message: ControlRequest | ControlAnswer): string {
  return `${JSON.stringify(message)}\n`;
}

/** Parses the line of a request, without its line feed; the fact that makes it invalid otherwise. */
export function parseRequest(
  line: string,
): ControlRequest | { readonly command: undefined; readonly fact: string } {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return invalid("the request is not JSON");
  }
  if (typeof message !== "object" || message === null) return invalid("the request is not a JSON object");
  const { command, wait, drain } = message as { readonly [name in "command" | "wait" | "drain"]?: unknown };
  switch (command) {
    case "ping":
    case "status":
      return { command };
    case "stop":
      if (drain === undefined) return { command };
      return isTime(drain) ? { command, drain } : invalid("drain is not a time in ms");
    case "reload":
      return { command, wait: wait === true };
    default:
      return invalid("there are the commands ping, status, reload and stop");
  }
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}

function invalid(fact: string): { readonly command: undefined; readonly fact: string } {
  return { command: undefined, fact };
}
