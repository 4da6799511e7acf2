// The application of the soak: all kinds of handlers, in a process of its own. Answers each message by its figures.
import pino from "pino";

import { openDispatcher } from "../../../src/bridges/open-dispatcher.js";
import { Roles } from "../../../src/roles/roles.js";
import { Server } from "../../../src/server/server.js";
import { definitions } from "../fuzz/handlers.js";

/** What the server knows of itself. */
export interface ServerFigures {
  readonly port: number;
  readonly requests: number;
  readonly connections: number;
  /** Memory in MiB, behind a garbage collection where there is one to be called. */
  readonly rss: number;
  readonly heap: number;
}

const LIMIT = 4_000;
const MEBIBYTE = 2 ** 20;

const log = pino({ level: "silent" });
let issued = 0;
const roles = new Roles(definitions({ issueToken: () => `token-${(issued += 1)}` }), {
  log,
  timeouts: { handler: LIMIT, authorizer: LIMIT },
});
const application = await openDispatcher(roles);
const server = new Server(application, {
  log,
  timeouts: { params: LIMIT, body: LIMIT, halfClosed: 500, drain: LIMIT, send: LIMIT },
});
await server.listen("127.0.0.1:0");

function figures(): ServerFigures {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    port: server.port!,
    requests: server.activeRequests,
    connections: server.openConnections,
    rss: rss / MEBIBYTE,
    heap: heapUsed / MEBIBYTE,
  };
}

process.on("message", () => process.send!(figures()));
process.on("disconnect", () => process.exit());
process.send!(figures());
