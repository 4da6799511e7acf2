import { PassThrough, duplexPair } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { TricornApplication } from "./application.js";
import { FastCgiClient } from "./client/index.js";
import { Role } from "./protocol/constants.js";
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
export async function answerAsCgi(application: TricornApplication, options: ServerOptions): Promise<number> {
  const server = new Server(application, options);
  const client = new FastCgiClient({
    connect: () => {
      const [ours, theirs] = duplexPair();
      server.accept(ours);
      return theirs;
    },
    keepConnection: false,
  });
  // The client destroys a body that is not wanted, and standard input is still needed then.
  const stdin = process.stdin.pipe(new PassThrough());
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
    // Under mod_cgid a program that leaves with input unread costs the client its answer.
    process.stdin.unpipe(stdin).resume();
  }
}
