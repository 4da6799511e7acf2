import type { IncomingMessage, ServerResponse } from "node:http";

/** Milliseconds that an upload may stall after its client has the response. */
const PAUSE = 1_000;

/**
 * Closes the connection of a client that has its whole response and does not continue its upload for a second: such a client
 * waits for the end, and node:http waits for the rest. A client that continues is read to the end, because a close would
 * reset the connection and discard the response.
 */
export function watchStalledUpload(request: IncomingMessage, response: ServerResponse): void {
  response.once("finish", () => {
    if (request.complete) return;
    const { socket } = request;
    const timer = setTimeout(() => socket.destroySoon(), PAUSE).unref();
    request.on("data", () => timer.refresh());
    request.once("close", () => clearTimeout(timer));
  });
}
