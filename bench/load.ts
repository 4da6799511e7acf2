import { connect, type Socket } from "node:net";
import { encodeBeginRequest, encodeNameValuePairs, encodeRecord, RecordType, Role } from "tricorn/protocol";

/** The header fields that a browser sends. */
const browserFields: readonly (readonly [string, string])[] = [
  ["Host", "www.example.com"],
  ["Connection", "keep-alive"],
  ["Cache-Control", "max-age=0"],
  [
    "User-Agent",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  ],
  ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"],
  ["Upgrade-Insecure-Requests", "1"],
  ["Sec-Fetch-Site", "none"],
  ["Sec-Fetch-Mode", "navigate"],
  ["Sec-Fetch-Dest", "document"],
  ["Accept-Encoding", "gzip, deflate, br, zstd"],
  ["Accept-Language", "en-GB,en;q=0.9,de;q=0.8"],
  ["Cookie", "session=0123456789abcdef0123456789abcdef; theme=dark"],
];

/** The variables that nginx's stock fastcgi_params adds to them. */
const serverVariables: readonly (readonly [string, string])[] = [
  ["QUERY_STRING", ""],
  ["REQUEST_METHOD", "GET"],
  ["CONTENT_TYPE", ""],
  ["CONTENT_LENGTH", ""],
  ["SCRIPT_NAME", "/hello"],
  ["REQUEST_URI", "/hello"],
  ["DOCUMENT_URI", "/hello"],
  ["DOCUMENT_ROOT", "/srv/www"],
  ["SERVER_PROTOCOL", "HTTP/1.1"],
  ["REQUEST_SCHEME", "https"],
  ["HTTPS", "on"],
  ["GATEWAY_INTERFACE", "CGI/1.1"],
  ["SERVER_SOFTWARE", "nginx/1.22.1"],
  ["REMOTE_ADDR", "192.0.2.17"],
  ["REMOTE_PORT", "50123"],
  ["REMOTE_USER", ""],
  ["SERVER_ADDR", "198.51.100.4"],
  ["SERVER_PORT", "443"],
  ["SERVER_NAME", "www.example.com"],
  ["REDIRECT_STATUS", "200"],
];

/** What a peer speaks. */
export type Protocol = "fastcgi" | "http";

/** How a peer is to be loaded. */
export interface Load {
  readonly port: number;
  readonly protocol: Protocol;
  /** Requests under way at once on the one connection. */
  readonly inFlight: number;
  readonly requests: number;
}

/** A peer that says nothing for so long is given up; ms. */
const STALLED = 5_000;

const expected = "Hello from FastCGI";

/** Sends requests over one kept connection, always so many under way, and checks every answer. */
export function run({ port, protocol, inFlight, requests }: Load): Promise<void> {
  const request = protocol === "fastcgi" ? fastCgiRequest : () => httpRequest;
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  return new Promise((resolve, reject) => {
    let sent = 0;
    let answered = 0;
    const send = (id: number): void => {
      sent += 1;
      socket.write(request(id));
    };
    const done = (id: number): void => {
      answered += 1;
      if (answered === requests) socket.destroy();
      else if (sent < requests) send(id);
    };
    (protocol === "fastcgi" ? readFastCgi : readHttp)(socket, done, reject);
    socket.once("connect", () => {
      socket.cork();
      for (let id = 1; id <= Math.min(inFlight, requests); id += 1) send(id);
      socket.uncork();
    });
    socket.setTimeout(STALLED, () => socket.destroy(new Error(`No answer for ${STALLED} ms`)));
    socket.once("error", reject);
    socket.once("close", () => {
      if (answered === requests) resolve();
      else reject(new Error(`Connection closed after ${answered} of ${requests} answers`));
    });
  });
}

const params = encodeNameValuePairs([
  ...serverVariables,
  ...browserFields.map(
    ([name, value]) => [`HTTP_${name.toUpperCase().replaceAll("-", "_")}`, value] as const,
  ),
]);

const templates = new Map<number, Buffer>();

function fastCgiRequest(requestId: number): Buffer {
  let bytes = templates.get(requestId);
  if (bytes === undefined) {
    const begin = encodeBeginRequest({ role: Role.Responder, keepConnection: true });
    const nothing = Buffer.alloc(0);
    bytes = Buffer.concat([
      encodeRecord({ type: RecordType.BeginRequest, requestId, content: begin }),
      encodeRecord({ type: RecordType.Params, requestId, content: params }),
      encodeRecord({ type: RecordType.Params, requestId, content: nothing }),
      encodeRecord({ type: RecordType.Stdin, requestId, content: nothing }),
    ]);
    templates.set(requestId, bytes);
  }
  return bytes;
}

const httpRequest = Buffer.from(
  `GET /hello HTTP/1.1\r\n${browserFields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
);

function readFastCgi(socket: Socket, done: (id: number) => void, failed: (error: Error) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + 8 <= bytes.length) {
      const length = bytes.readUInt16BE(at + 4);
      const end = at + 8 + length + bytes[at + 6]!;
      if (end > bytes.length) break;
      const type = bytes[at + 1];
      if (type === RecordType.Stdout && length > 0 && !bytes.subarray(at, end).includes(expected)) {
        failed(new Error(`Wrong answer: ${bytes.toString("latin1", at + 8, at + 8 + length)}`));
      }
      if (type === RecordType.EndRequest) done(bytes.readUInt16BE(at + 2));
      at = end;
    }
    rest = bytes.subarray(at);
  });
}

function readHttp(socket: Socket, done: (id: number) => void, failed: (error: Error) => void): void {
  let rest = "";
  socket.on("data", (chunk) => {
    rest += chunk.toString("latin1");
    for (;;) {
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0 || rest.length < end + 4 + expected.length) return;
      if (!rest.startsWith(expected, end + 4)) failed(new Error(`Wrong answer: ${rest}`));
      rest = rest.slice(end + 4 + expected.length);
      done(1);
    }
  });
}
