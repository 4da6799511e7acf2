import { logLevels } from "../log/late-logger.js";
import type { FailureReport } from "../roles/failure.js";
import { formatFailure } from "./failure-page.js";
import { shownRequestFailure } from "./shown-failure.js";
import { visible } from "./visible.js";

/** Fields that each line has, or that its request line shows. */
const COMMON = new Set(["level", "time", "pid", "hostname", "msg", "err", "role", "requestId", "route"]);
/** The message of a failure, which is reported apart. */
const FAILURE = /^Cannot complete request: .* failed$/s;

type Fields = Readonly<Record<string, unknown>>;

/** Formats a line of a program's log, as pino writes it, for a terminal; undefined for one that is reported apart. */
export function formatLogLine(line: string): string | undefined {
  const fields = fieldsOf(line);
  if (fields === undefined) return line;
  const message = textOf(fields["msg"]);
  if (FAILURE.test(message)) return undefined;
  const level = Object.entries(logLevels).find(([, number]) => number === fields["level"])?.[0] ?? "log";
  const rest = Object.entries(fields)
    .filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const parts = [level.padEnd(10), message, ...rest].filter((part) => part !== "");
  // Indented, a further line of a message is none of the log.
  const first = visible(parts.join("  ")).replaceAll("\n", "\n  ");
  const error = errorOf(fields["err"]);
  if (error === undefined) return first;
  const [, ...lines] = formatFailure(shownRequestFailure({ what: "", role: "", error, params: [] }));
  return [first, ...lines].join("\n");
}

function fieldsOf(line: string): Fields | undefined {
  try {
    const fields: unknown = JSON.parse(line);
    return typeof fields === "object" && fields !== null && "level" in fields ? fields : undefined;
  } catch {
    return undefined;
  }
}

/** An error as pino writes it. */
function errorOf(value: unknown): FailureReport["error"] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { type, name = type, message, stack } = value as Fields;
  return { name: textOf(name), message: textOf(message), ...(typeof stack === "string" && { stack }) };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
