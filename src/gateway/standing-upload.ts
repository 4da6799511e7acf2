import type { IncomingMessage, ServerResponse } from "node:http";

/** How long an upload may stand whose client has its answer already, in milliseconds. */
const PAUSE = 1_000;

/**
 * Ends the connection of a client that has its whole answer and sends no more of its upload for a second: it waits for the
 * end, and node:http for the rest. One that goes on sending is read to its end, because closing on it would take the
 * answer away from it.
 */
export function watchStandingUpload(request: IncomingMessage, response: ServerResponse): void {
  response.once("finish", () => {
    if (request.complete) return;
    const { socket } = request;
    const timer = setTimeout(() => socket.destroySoon(), PAUSE).unref();
    request.on("data", () => timer.refresh());
    request.once("close", () => clearTimeout(timer));
  });
}
