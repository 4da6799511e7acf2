// The most used FastCGI library for Node.js, version 2.0.0. As published it closes every kept connection, because it reads
// an undefined flag; the flag is defined here, so that it can be measured at all.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { Readable } from "node:stream";

import { HELLO, LARGE } from "./bodies.js";
import { socketPath } from "./socket-path.js";
import { upperCase } from "./upper-case.js";

const require = createRequire(import.meta.url);
const records = createRequire(require.resolve("node-fastcgi"))("fastcgi-stream").records;
records.BeginRequest.flags.KEEP_CONN ??= 1;

type Filtered = IncomingMessage & { readonly data: Readable };
type Decision = ServerResponse & { setVariable(name: string, value: string): void };

const fastcgi = require("node-fastcgi") as {
  createServer(
    respond: (request: IncomingMessage, response: ServerResponse) => void,
    authorize: (request: IncomingMessage, response: Decision) => void,
    filter: (request: Filtered, response: ServerResponse) => void,
  ): Server;
};

function respond(request: IncomingMessage, response: ServerResponse): void {
  const [path] = request.url!.split("?");
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  if (path === "/echo" || path === "/collect") {
    collect(request, (body) => response.end(body));
    return;
  }
  if (path === "/wait") return; // forever
  response.end(path === "/large" ? LARGE : HELLO);
}

function authorize(_request: IncomingMessage, response: Decision): void {
  response.setVariable("AUTH_USER", "ada");
  response.end();
}

function filter(request: Filtered, response: ServerResponse): void {
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  request.data.on("data", (piece: Buffer) => response.write(upperCase(piece)));
  request.data.on("end", () => response.end());
}

function collect(stream: Readable, done: (body: Buffer) => void): void {
  const pieces: Buffer[] = [];
  stream.on("data", (piece: Buffer) => void pieces.push(piece));
  stream.on("end", () => done(Buffer.concat(pieces)));
}

fastcgi.createServer(respond, authorize, filter).listen(socketPath);
