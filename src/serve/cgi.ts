import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { CgiBody } from "./cgi-body.js";
import { ClientError, FastCgiClient } from "../client/index.js";
import { standardError } from "../log/log-stream.js";
import { Role } from "../protocol/constants.js";
import { connectInMemory } from "../server/memory-connection.js";
import type { Server } from "../server/server.js";
import { ignoreOutputErrors } from "../process/process-end.js";

/** About the longest possible interval, in milliseconds. */
const KEEP_ALIVE_INTERVAL = 2 ** 30;

/** The one request of a CGI program. */
export interface CgiOptions {
  /** The environment at the start. */
  readonly variables: readonly (readonly [name: string, value: string])[];
  /** Aborted when the Web server asks the process to end. */
  readonly signal: AbortSignal;
}

/**
 * Answers the one request of a CGI program: the environment is its PARAMS, standard input its STDIN, standard output its
 * STDOUT. It takes the same way through the application as a FastCGI request. Resolves when the whole answer was passed to
 * the Web server, or the Web server has disconnected; the server is closed then.
 *
 * @returns the application status, to exit with
 */
export async function answerAsCgi(server: Server, { variables, signal }: CgiOptions): Promise<number> {
  const client = new FastCgiClient({
    connect: () => connectInMemory(server).stream,
    keepConnection: false,
    // The application enforces time limits, as under FastCGI.
    timeouts: { response: Infinity },
  });
  const stdin = new CgiBody(() => process.stdin, Object.fromEntries(variables));
  const { stdout } = process;
  ignoreOutputErrors();
  // Keeps the process alive until a handler that waits for nothing else reaches its time limit.
  const alive = setInterval(() => undefined, KEEP_ALIVE_INTERVAL);
  try {
    const answer = await client.request({
      role: Role.Responder,
      params: variables,
      stdin,
      signal,
      raw: true,
    });
    try {
      await pipeline(answer.body, stdout, { end: false });
      await flushed(stdout);
      return (await answer.ended).applicationStatus;
    } finally {
      const lines = await answer.stderr;
      if (lines !== "") standardError.write(lines);
    }
  } catch (error) {
    if (signal.aborted || isReaderGone(error)) return 0;
    // The answer broke off, and the log says why. Only the exit code can report it to the Web server.
    if (error instanceof ClientError) return 1;
    throw error;
  } finally {
    if (!signal.aborted) await stdin.drain(server.timeouts.drain);
    stdin.close();
    await client.close();
    await server.close();
    clearInterval(alive);
  }
}

/** Resolves when all earlier writes have finished or failed. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}

/** Whether writing failed because the reader is gone: the client has left, and its Web server with it. */
function isReaderGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EPIPE" || code === "ECONNRESET";
}
