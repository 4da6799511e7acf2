import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";

/** What is sent: the path goes out exactly as it is written. */
export interface HttpCall {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders | readonly string[];
  readonly body?: string | Uint8Array;
}

/** What came back. */
export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly bytes: Buffer;
}

/** Sends one HTTP request on a connection of its own; rejects when the answer breaks off. */
export async function http(
  url: string,
  path: string,
  { method = "GET", headers, body }: HttpCall = {},
): Promise<HttpAnswer> {
  const { hostname, port } = new URL(url);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = httpRequest({
      hostname,
      port,
      path,
      method,
      agent: false,
      ...(headers && { headers: headers as OutgoingHttpHeaders }),
    });
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
  };
}
