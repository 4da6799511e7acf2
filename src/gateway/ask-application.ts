import type { Logger } from "pino";

import { ClientError, type ClientRequest, type ClientResponse, type FastCgiClient } from "../client/index.js";
import type { LogBudgets } from "../log/log-budgets.js";
import { logSafely } from "../log/log-safely.js";
import { ProtocolError } from "../errors.js";
import { BROKEN_OFF, ProtocolStatus, roleName } from "../protocol/constants.js";
import type { ApplicationResponse } from "./response.js";

/** The client of the application, and the log for its STDERR. */
export interface ApplicationAccess {
  readonly client: FastCgiClient;
  readonly log: Logger;
  readonly budgets: LogBudgets;
}

/**
 * Sends a request to the application. The lines of its STDERR are logged, also if the request fails, within the log's budget.
 */
export async function askApplication(
  { client, log, budgets }: ApplicationAccess,
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
 * The response of a responder or filter. Its body is complete only if END_REQUEST has REQUEST_COMPLETE (section 5.5).
 *
 * The application status is ignored, as other Web servers do, with one exception: an incomplete response on a shared connection
 * ends with {@link BROKEN_OFF}. Unless it has a Content-Length, it counts as incomplete.
 */
export function completeResponse(response: ClientResponse): ApplicationResponse {
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
  return new ProtocolError("ERR_FCGI_STREAM_CLOSED", `Cannot send response: it ended with ${fact}`);
}
