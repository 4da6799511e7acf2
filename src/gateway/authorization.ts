import { ProtocolError } from "../errors.js";
import type { ClientResponse } from "../client/index.js";
import { CgiResponseParser, type CgiResponseHead } from "../protocol/cgi-response.js";
import { Role } from "../protocol/constants.js";
import { discard, type Answer } from "./answer.js";
import { ask, type Asking } from "./ask.js";
import { variablesOf } from "./variables.js";

/** What an authorizer has decided. */
export type Authorization =
  /** With the variables for the role that answers. */
  | { readonly kind: "allowed"; readonly variables: ReadonlyMap<string, string> }
  /** With the answer that the client gets instead. Its body is still to be read. */
  | { readonly kind: "denied"; readonly answer: Answer };

/** What an authorizer is asked with. */
export interface AuthorizationRequest {
  readonly params: ReadonlyMap<string, string>;
  /** For the whole exchange, in milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/**
 * Asks the application in the authorizer role (section 6.3).
 *
 * Allowed is only what says so beyond doubt: a `Status: 200` line in a whole header block, STDOUT up to its end, and
 * END_REQUEST with application status 0 and REQUEST_COMPLETE. Web servers take an answer without Status for 200 and
 * often ignore the rest; that is how a crashed authorizer opens a door.
 *
 * @throws ClientError, ProtocolError where there is no decision. That is never an "allowed". The caller aborts the
 *   signal then, which ends the request.
 */
export async function authorize(
  asking: Asking,
  { params, timeout, signal }: AuthorizationRequest,
): Promise<Authorization> {
  // Raw, because a parsed answer does not tell a missing Status from 200.
  const response = await ask(asking, { role: Role.Authorizer, params, timeout, signal, raw: true });
  const pieces = response.body[Symbol.asyncIterator]();
  const head = await readHead(pieces);
  const body = bodyBehind(head, pieces);
  if (head.status !== 200) {
    return {
      kind: "denied",
      answer: { status: head.status, statusText: head.statusText, headers: head.headers, body },
    };
  }
  const variables = variablesOf(head.headers);
  await discard(body);
  await requireOrderlyEnd(response);
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
      "Cannot take the authorizer's decision: it has no Status",
    );
  }
  throw parser.incomplete();
}

async function* bodyBehind(
  { rest }: CgiResponseHead,
  pieces: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (rest.length > 0) yield rest;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
  } finally {
    // Behind the last piece this does nothing, before it this aborts the request.
    await pieces.return?.();
  }
}

async function requireOrderlyEnd(response: ClientResponse): Promise<void> {
  const { applicationStatus, protocolStatus } = await response.ended;
  if (applicationStatus !== 0 || protocolStatus !== 0) {
    throw new ProtocolError(
      "ERR_FCGI_RESPONSE_HEADER",
      `Cannot take the authorizer's decision: it ended with application status ${applicationStatus}` +
        ` and protocol status ${protocolStatus}`,
    );
  }
}
