// Hono over its own HTTP server, which replaces the Request and Response of the process, except with the argument "platform".
import { createAdaptorServer } from "@hono/node-server";
import type { Server } from "node:http";

import { app } from "./hono-app.js";
import { socketPath } from "./socket-path.js";

const overrideGlobalObjects = process.argv[3] !== "platform";
const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects }) as Server;
server.keepAliveTimeout = 0;
server.listen(socketPath);
