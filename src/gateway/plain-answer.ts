import { STATUS_CODES, type ServerResponse } from "node:http";

/** What {@link answerPlainly} says beside the status. */
export interface PlainAnswerFields {
  /** Further header fields, such as Location or Allow. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Answers for the gateway itself with the status and its name, as text. Nothing of what went wrong inside is shown. An
 * answer that has already begun cannot be taken back, so its connection is destroyed for the client to see the break.
 */
export function answerPlainly(
  response: ServerResponse,
  status: number,
  { headers = {} }: PlainAnswerFields = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = `${status} ${STATUS_CODES[status] ?? ""}\n`;
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.statusMessage = "";
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    ...headers,
  });
  response.end(body);
}
