// Express over its own HTTP server.
import { createServer } from "node:http";

import { app } from "./express-app.js";
import { socketPath } from "./socket-path.js";

const server = createServer(app);
server.keepAliveTimeout = 0;
server.listen(socketPath);
