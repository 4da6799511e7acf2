// An application in a separate process, to measure its memory apart from the test's. Prints its address.
import { pino } from "pino";

import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { Server } from "../../src/server/server.js";
import { responder } from "./routes.js";

const PIECE = Buffer.alloc(256 * 1024, "z");

const routes = responder({
  "POST /stream": async ({ body }) => {
    let bytes = 0;
    for await (const piece of body.stream()) bytes += piece.length;
    return `read ${bytes}`;
  },
  "POST /never": () => "not read",
  "GET /produce/:pieces": function* ({ pathParams }) {
    for (let piece = 0; piece < Number(pathParams["pieces"]); piece += 1) yield PIECE;
  },
});

const log = pino({ level: "silent" });
const server = new Server(new Dispatcher(new Roles([routes], { log })), { log });
await server.listen("127.0.0.1:0");
console.log(server.address);
// The test closes our stdin when it has finished, or by dying.
process.stdin.resume().on("end", () => process.exit(0));
