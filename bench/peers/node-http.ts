// The alternative: Node's own HTTP server, as for proxy_pass.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { PassThrough, Readable } from "node:stream";

import { HELLO, LARGE } from "./bodies.js";
import { socketPath } from "./socket-path.js";

/** 64 MiB, generated as they are read. */
function* produce(): Generator<Buffer> {
  for (let piece = 0; piece < 64; piece += 1) yield LARGE;
}

async function iterate(request: IncomingMessage, response: ServerResponse): Promise<void> {
  for await (const piece of request) if (!response.write(piece)) await once(response, "drain");
  response.end();
}

const server = createServer((request, response) => {
  const [path] = request.url!.split("?");
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  if (path === "/collect") {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => void pieces.push(piece));
    request.on("end", () => response.end(Buffer.concat(pieces)));
    return;
  }
  if (path === "/large") {
    response.end(LARGE);
    return;
  }
  if (path === "/echo" || path === "/iterated" || path === "/piped") {
    response.setHeader("Content-Length", request.headers["content-length"]!);
    if (path === "/echo") request.pipe(response);
    if (path === "/iterated") void iterate(request, response);
    if (path === "/piped") request.pipe(new PassThrough()).pipe(response);
    return;
  }
  if (path === "/produce") {
    response.setHeader("Content-Length", 64 * LARGE.length);
    Readable.from(produce()).pipe(response);
    return;
  }
  // An allow of auth_request, with a variable.
  if (path === "/authorize") response.setHeader("Variable-AUTH_USER", "ada");
  response.end(path === "/authorize" ? "" : HELLO);
});
server.keepAliveTimeout = 0;
server.listen(socketPath);
