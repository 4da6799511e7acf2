import type { Logger } from "pino";

import { ClientError, type ClientRequest, type ClientResponse, type FastCgiClient } from "../client/index.js";
import type { LogBudgets } from "../log/log-budgets.js";
import { logSafely } from "../log/log-safely.js";
import { ProtocolError } from "../errors.js";
import { BROKEN_OFF, ProtocolStatus, roleName } from "../protocol/constants.js";
import type { Answer } from "./answer.js";

/** Whom a gateway asks, and where it tells what went on. */
export interface Asking {
  readonly client: FastCgiClient;
  readonly log: Logger;
  readonly budgets: LogBudgets;
}

/**
 * Sends one request to the application; the lines that come on its STDERR are logged, whatever becomes of it, within the
 * budget of what others can cause.
 */
export async function ask(
  { client, log, budgets }: Asking,
  request: ClientRequest & { readonly role: number },
): Promise<ClientResponse> {
  const logLines = (text: string): void => {
    for (const line of text.split(/\r?\n/)) {
      if (line.trim() === "") continue;
      const more = budgets.admit("FCGI_STDERR");
      if (more !== undefined)
        logSafely(() => log.warn({ role: roleName(request.role), stderr: line, ...more }, "FCGI_STDERR"));
    }
  };
  try {
    const response = await client.request(request);
    void response.stderr.then(logLines);
    return response;
  } catch (error) {
    if (error instanceof ClientError) logLines(error.stderr);
    throw error;
  }
}

/**
 * The answer of a responder or filter. Its body ends only with an END_REQUEST that says REQUEST_COMPLETE (section 5.5).
 *
 * The application status is the application's own affair, as it is for other Web servers, but for one value: what breaks off
 * beside other requests on its connection ends with {@link BROKEN_OFF}, and only a Content-Length tells that it is whole
 * all the same.
 */
export function answerOf(response: ClientResponse): Answer {
  const { status, statusText, headers } = response;
  return { status, statusText, headers, body: completeBody(response) };
}

async function* completeBody({ body, ended, headers }: ClientResponse): AsyncGenerator<Uint8Array> {
  yield* body;
  const { protocolStatus, applicationStatus } = await ended;
  if (protocolStatus !== ProtocolStatus.RequestComplete) throw cutShort(`protocol status ${protocolStatus}`);
  if (applicationStatus === BROKEN_OFF && !headers.has("content-length"))
    throw cutShort(`application status ${applicationStatus}, and without a Content-Length`);
}

function cutShort(fact: string): ProtocolError {
  return new ProtocolError("ERR_FCGI_STREAM_CLOSED", `Cannot send answer: it ended with ${fact}`);
}
