import {
  connect,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { once } from "node:events";
import { onTestFinished } from "vitest";

/** An answer over HTTP/2. */
export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A connection over HTTP/2 until the test ends. The certificate is not checked. */
export async function openHttp2(port: number, host: string): Promise<ClientHttp2Session> {
  const session = connect(`https://127.0.0.1:${port}`, { servername: host, rejectUnauthorized: false });
  // A server may end it after too many odd targets.
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  await once(session, "connect");
  return session;
}

/** What is sent besides the target. */
export interface Http2Request {
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

/** Sends a request, with the target exactly as written. Rejects if the stream is reset. */
export async function askHttp2(
  session: ClientHttp2Session,
  target: string,
  { headers = {}, body }: Http2Request = {},
): Promise<Http2Answer> {
  const stream = session.request({ ":path": target, ...headers }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const pieces: Buffer[] = [];
  const [received] = (await once(stream, "response")) as [IncomingHttpHeaders];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return {
    status: Number(received[":status"]),
    headers: received,
    body: Buffer.concat(pieces).toString("latin1"),
  };
}
