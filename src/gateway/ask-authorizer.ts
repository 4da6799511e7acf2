import { ProtocolError } from "../errors.js";
import type { ClientResponse } from "../client/index.js";
import { CgiResponseParser, type CgiResponseHead } from "../protocol/cgi-response.js";
import { Role } from "../protocol/constants.js";
import { discard } from "./application-response.js";
import type { ApplicationResponse } from "./response.js";
import { askApplication, type ApplicationAccess } from "./ask-application.js";
import type { ExchangeObserver } from "./gateway-observer.js";
import { variablesOf } from "./variables.js";

/** The decision of an authorizer. */
export type Authorization =
  /** With the variables for the role that responds. */
  | { readonly kind: "allowed"; readonly variables: ReadonlyMap<string, string> }
  /** With the response to the client. Its body has not been read. */
  | { readonly kind: "denied"; readonly response: ApplicationResponse };

/** A question to an authorizer. */
export interface AuthorizationRequest {
  readonly params: ReadonlyMap<string, string>;
  /** The time limit for the whole exchange, in milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly observer: ExchangeObserver | undefined;
}

/**
 * Asks the application in the authorizer role (section 6.3).
 *
 * A request is allowed only by a complete response: a `Status: 200` line in a complete header block, STDOUT up to its end,
 * and END_REQUEST with application status 0 and REQUEST_COMPLETE. Many Web servers default to 200 without a Status and ignore
 * the rest, so that a crashed authorizer allows.
 *
 * @throws ClientError or ProtocolError if there is no decision; the request is then denied. The caller must abort the signal,
 *   which ends the exchange.
 */
export async function askAuthorizer(
  application: ApplicationAccess,
  { params, timeout, signal, observer }: AuthorizationRequest,
): Promise<Authorization> {
  // Raw, because a parsed response does not distinguish a missing Status from 200.
  const request = { role: Role.Authorizer, params, timeout, signal, raw: true };
  observer?.asked(request);
  const response = await askApplication(application, request);
  const pieces = response.body[Symbol.asyncIterator]();
  const head = await readHead(pieces);
  const body = bodyAfter(head, pieces);
  if (head.status !== 200) {
    observer?.answered({ kind: "denied", status: head.status });
    return {
      kind: "denied",
      response: { status: head.status, statusText: head.statusText, headers: head.headers, body },
    };
  }
  const variables = variablesOf(head.headers);
  await discard(body);
  await requireSuccess(response);
  observer?.answered({ kind: "allowed", variables });
  return { kind: "allowed", variables };
}

async function readHead(pieces: AsyncIterator<Uint8Array>): Promise<CgiResponseHead> {
  const parser = new CgiResponseParser();
  let text = "";
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    const piece = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    text += piece.toString("latin1");
    const head = parser.push(piece);
    if (head === undefined) continue;
    const block = text.slice(0, text.length - head.rest.length);
    if (/^status:/im.test(block)) return head;
    throw new ProtocolError(
      "ERR_FCGI_RESPONSE_HEADER",
      "Cannot accept the authorizer's decision: it has no Status",
    );
  }
  throw parser.incomplete();
}

async function* bodyAfter(
  { rest }: CgiResponseHead,
  pieces: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (rest.length > 0) yield rest;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
  } finally {
    // Before the last piece this aborts the request.
    await pieces.return?.();
  }
}

async function requireSuccess(response: ClientResponse): Promise<void> {
  const { applicationStatus, protocolStatus } = await response.ended;
  if (applicationStatus !== 0 || protocolStatus !== 0) {
    throw new ProtocolError(
      "ERR_FCGI_RESPONSE_HEADER",
      `Cannot accept the authorizer's decision: it ended with application status ${applicationStatus}` +
        ` and protocol status ${protocolStatus}`,
    );
  }
}
