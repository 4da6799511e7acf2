// The smallest program of Node's own HTTP server.
import { createServer } from "node:http";

import { HELLO } from "./bodies.js";
import { socketPath } from "./socket-path.js";

createServer((_request, response) => {
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(HELLO);
}).listen(socketPath);
