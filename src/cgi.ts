import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { FastCgiClient } from "./client/index.js";
import type { Application } from "./protocol/application.js";
import { Role } from "./protocol/constants.js";
import { connectInMemory } from "./server/memory-connection.js";
import { Server, type ServerOptions } from "./server/server.js";

/** Whether the process was started as a CGI program (RFC 3875, section 4.1.4): it shall answer one request and exit. */
export function isCgi(environment: NodeJS.ProcessEnv): boolean {
  return (
    environment["GATEWAY_INTERFACE"]?.startsWith("CGI/") === true &&
    environment["REQUEST_METHOD"] !== undefined
  );
}

/**
 * Answers the one request of a CGI program: the environment is its PARAMS, standard input its STDIN, standard output
 * its STDOUT. It goes the same way through the application as a FastCGI request.
 *
 * @returns the application status, to exit with
 */
export async function answerAsCgi(application: Application, options: ServerOptions): Promise<number> {
  const server = new Server(application, options);
  const client = new FastCgiClient({ connect: () => connectInMemory(server), keepConnection: false });
  const stdin = new CgiBody(process.stdin, process.env["CONTENT_LENGTH"]);
  try {
    const variables = Object.entries(process.env).map(([name, value = ""]) => [name, value] as const);
    const answer = await client.request({
      role: Role.Responder,
      params: variables,
      stdin,
      raw: true,
    });
    await pipeline(answer.body, process.stdout, { end: false });
    const { applicationStatus } = await answer.ended;
    const warnings = await answer.stderr;
    if (warnings !== "") process.stderr.write(`${warnings}\n`);
    return applicationStatus;
  } finally {
    await client.close();
    await server.close();
    void stdin.drain();
  }
}

/**
 * The body on standard input: as many bytes as CONTENT_LENGTH says and not one more, because a server need not close it
 * behind them (RFC 3875, section 4.2). Without a number it ends with standard input.
 */
class CgiBody implements AsyncIterable<Buffer> {
  readonly #input: Readable;
  #left: number;

  constructor(input: Readable, contentLength = "") {
    this.#input = input;
    this.#left = /^\d{1,15}$/.test(contentLength) ? Number(contentLength) : Infinity;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    if (this.#left === 0) return;
    for await (const chunk of this.#input.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const piece = chunk.subarray(0, this.#left);
      this.#left -= piece.length;
      yield piece;
      if (this.#left === 0) return;
    }
  }

  /**
   * Reads what is known to come and nobody wanted, then lets go of standard input: under mod_cgid a program that leaves
   * with input unread costs the client its answer.
   */
  async drain(): Promise<void> {
    try {
      if (Number.isFinite(this.#left)) for await (const _ of this);
    } catch {
      // The server has left.
    }
    this.#input.destroy();
  }
}
