import type { TricornApplication } from "../application.js";
import { startUse, stopUse } from "./application-uses.js";
import { answerAsCgi, type CgiOptions } from "./cgi.js";
import { AbortedError } from "../errors.js";
import { closeAtEnd } from "../process/process-end.js";
import type { Server } from "../server/server.js";

/** The parts of a CGI program. */
export interface CgiProgram {
  /** Runs the application; it does not listen. */
  readonly server: Server;
  /** The environment at the start. */
  readonly variables: CgiOptions["variables"];
  /** Whether Tricorn handles signals and exits the process. */
  readonly signals: boolean;
}

/** An exit code has one byte; a failure must not become 0 by truncation. */
const HIGHEST_EXIT_CODE = 255;

/**
 * Starts an application, answers the one request of a CGI program, stops the application and exits with the application
 * status, even if timers and connections are still open: the Web server waits for the end of standard output. SIGTERM
 * aborts the request; Apache and lighttpd send it when the client has left.
 *
 * Without `signals` it only sets the exit code.
 */
export async function serveAsCgi(
  application: TricornApplication,
  program: CgiProgram,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  const { server, variables, signals } = program;
  await startUse(application);
  const leaving = new AbortController();
  const answered = answerAndStop(application, () =>
    answerAsCgi(server, { variables, signal: leaving.signal }),
  );
  let isEnding = false;
  const forgetEnd = signals
    ? closeAtEnd({
        close: async (cause) => {
          isEnding = true;
          if (cause === "signal") leaving.abort(new AbortedError("ERR_ABORTED_BY_SERVER", ASKED_TO_END));
          await answered;
        },
        uncaught: (error, origin) => application.log.fatal({ err: error, origin }, "Uncaught error"),
      })
    : undefined;
  try {
    const code = Math.min(await answered, HIGHEST_EXIT_CODE);
    // A process that was asked to end exits by itself, with a code that says why.
    if (signals && !isEnding) process.exit(code);
    process.exitCode = code;
  } finally {
    forgetEnd?.();
  }
  return { address: "", close: () => Promise.resolve() };
}

const ASKED_TO_END = "Cannot complete request: the Web server asked the process to end";

async function answerAndStop(
  application: TricornApplication,
  answer: () => Promise<number>,
): Promise<number> {
  try {
    return await answer();
  } finally {
    await stopUse(application);
  }
}
