// The most used FastCGI library for Node. As published it closes every kept connection, since it looks its flag up where
// it is not defined; the flag is put there, so that it can be measured at all. It also writes each answer in several
// pieces, which would wait 40 ms for each other without TCP_NODELAY.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { Socket } from "node:net";

import { ready } from "../peer.js";

const require = createRequire(import.meta.url);
const records = createRequire(require.resolve("node-fastcgi"))("fastcgi-stream").records;
records.BeginRequest.flags.KEEP_CONN ??= 1;

const fastcgi = require("node-fastcgi") as {
  createServer(listener: (request: IncomingMessage, response: ServerResponse) => void): Server;
};
const server = fastcgi.createServer((_request, response) => {
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end("Hello from FastCGI");
});
server.on("connection", (socket: Socket) => socket.setNoDelay(true));
ready(server);
