// The user's alternative: Node's own HTTP server, as it would stand behind proxy_pass.
import { createServer } from "node:http";

import { ready } from "../peer.js";

const server = createServer((_request, response) => {
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end("Hello from FastCGI");
});
server.keepAliveTimeout = 0;
ready(server);
