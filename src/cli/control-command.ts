import { ConfigurationError } from "../errors.js";
import { oneLine } from "../log/redact.js";
import { askMaster } from "../supervisor/control-client.js";
import type { ControlAnswer, ControlRequest } from "../supervisor/control-protocol.js";
import { findControl, findFacts } from "../supervisor/find-control.js";
import type { ReloadOutcome } from "../supervisor/reports.js";
import { formatStatus, isAlive, type Status } from "../supervisor/status.js";
import {
  parseControlArguments,
  type ControlArguments,
  type ControlCommandName,
} from "./control-arguments.js";

/** How long a master may take to answer what it knows, in ms; a reload and a stop take as long as they take. */
const ANSWER_LIMIT = 10_000;

/**
 * `tricorn status`, `ping`, `reload` and `stop`: asks a running master.
 *
 * @returns the exit code
 * @throws UsageError, ConfigurationError `ERR_NO_MASTER`, `ERR_CONTROL`; `ERR_WORKER_START` if the new version does not start
 */
export async function controlCommand(command: ControlCommandName, args: readonly string[]): Promise<number> {
  const parsed = parseControlArguments(command, args);
  if (parsed.help) {
    const { controlHelp } = await import("./help.js");
    process.stdout.write(controlHelp(command));
    return 0;
  }
  const path = findControl(parsed, findFacts());
  switch (command) {
    case "status": {
      if (!parsed.watch) return showStatus(await askStatus(path), parsed);
      const { watchStatus } = await import("./status-watch.js");
      // Another master has another socket.
      return watchStatus(() => askStatus(findControl(parsed, findFacts())), parsed);
    }
    case "ping":
      return showPing(await ask(path, { command }));
    case "reload":
      return showReload(await ask(path, { command, wait: parsed.wait }), parsed);
    case "stop":
      await ask(path, parsed.drain === undefined ? { command } : { command, drain: parsed.drain });
      return 0;
    default:
      return command satisfies never;
  }
}

/** Asks, and fails if the master refuses. */
async function ask(path: string, request: ControlRequest): Promise<ControlAnswer> {
  const answer = await askMaster(
    { path, request },
    {
      limit: request.command === "status" || request.command === "ping" ? ANSWER_LIMIT : undefined,
      untilClosed: request.command === "stop",
    },
  );
  if (answer.kind !== "refused") return answer;
  throw new ConfigurationError("ERR_CONTROL", `Cannot control master: ${oneLine(answer.fact)}`);
}

async function askStatus(path: string): Promise<Status> {
  const answer = await ask(path, { command: "status" });
  if (answer.kind !== "status") throw unexpected(answer);
  return answer.status;
}

/** The exit code says whether requests are answered. */
function showStatus(status: Status, { json }: ControlArguments): number {
  process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : formatStatus(status));
  return isAlive(status.workers) ? 0 : 1;
}

/** The exit code says whether requests may be sent to it. */
function showPing(answer: ControlAnswer): number {
  if (answer.kind !== "pinged") throw unexpected(answer);
  process.stdout.write(`${answer.result}\n`);
  return answer.result === "pong" ? 0 : 1;
}

function showReload(answer: ControlAnswer, { wait }: ControlArguments): number {
  if (answer.kind !== "reloaded") throw unexpected(answer);
  const { failure, replaced, took, generation } = answer.outcome;
  if (failure !== undefined) throw reloadError(failure);
  const seconds = (took / 1000).toFixed(1);
  const left = wait ? "; the old ones are gone" : "";
  process.stdout.write(`Reloaded ${countOf(replaced)} in ${seconds} s, generation ${generation}${left}\n`);
  return 0;
}

function countOf(workers: number): string {
  return workers === 1 ? "1 worker" : `${workers} workers`;
}

/** The sentence, then its place and the stack, as the start of a program reports it. */
function reloadError({ sentence, details }: NonNullable<ReloadOutcome["failure"]>): ConfigurationError {
  const lines = [`Cannot reload: ${sentence}`, ...details];
  const [first = "", ...rest] = lines
    .flatMap((line) => line.split("\n"))
    .map((line) => line.replaceAll(/\p{Cc}/gu, " "));
  return new ConfigurationError(
    "ERR_WORKER_START",
    [first, ...rest, "    The old version serves on."].join("\n"),
  );
}

function unexpected({ kind }: ControlAnswer): ConfigurationError {
  return new ConfigurationError("ERR_CONTROL", `Cannot control master: it answered with ${kind}`);
}
