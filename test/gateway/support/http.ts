import {
  request as httpRequest,
  type Agent,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from "node:http";

/** The request: the path is sent exactly as written. */
export interface HttpCall {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders | readonly string[];
  readonly body?: string | Uint8Array;
  /** Defaults to a new connection. */
  readonly agent?: Agent;
}

/** The response. */
export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly bytes: Buffer;
  /** Whether its connection was used before. */
  readonly isReused: boolean;
}

/** Sends one HTTP request without normalizing its path; rejects if the answer is aborted. */
export async function http(
  url: string,
  path: string,
  { method = "GET", headers, body, agent }: HttpCall = {},
): Promise<HttpAnswer> {
  const { hostname, port } = new URL(url);
  const outgoing = httpRequest({
    hostname,
    port,
    path,
    method,
    agent: agent ?? false,
    ...(headers && { headers: headers as OutgoingHttpHeaders }),
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on("response", resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const bytes = Buffer.concat(pieces);
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? "",
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body: bytes.toString(),
    bytes,
    isReused: outgoing.reusedSocket,
  };
}
