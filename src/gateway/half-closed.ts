import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** With this every response begins, whatever it says. */
const FIRST = "H";
/** With this the size of the next chunk may begin, also of the last one (RFC 9112, section 7.1). */
const LEADING_ZERO = "0";

const NOTHING = new Uint8Array(0);

/** Milliseconds between two looks at a connection whose client has sent FIN, at first and at most. */
const FIRST_WAIT = 20;
const LONGEST_WAIT = 1_000;

/**
 * Finds out whether a client that has sent FIN waits for its answer or has left, which looks the same. Only what is sent
 * tells: the system of one that has left answers by a reset, which then shows as the close of the socket. So a character
 * is sent at once that the response would have next anyway; where none is known, keep-alive probes do it, in a minute or so.
 *
 * node:http by itself takes each FIN for a client that has left.
 */
export function watchHalfClosed(response: ServerResponse, socket: Socket): void {
  let timer: NodeJS.Timeout | undefined;
  const look = (wait: number): void => {
    if (response.closed || socket.destroyed) return;
    // A write of nothing fails behind a reset, which nobody would notice without a read or a write.
    if (socket.writableLength === 0) socket.write(NOTHING);
    timer = setTimeout(look, wait, Math.min(2 * wait, LONGEST_WAIT)).unref();
  };
  const begin = (): void => {
    sendNext(response, socket);
    socket.setKeepAlive(true, LONGEST_WAIT);
    look(FIRST_WAIT);
  };
  // It has come before the request, where several were sent at once.
  if (socket.readableEnded) setImmediate(begin);
  else socket.once("end", begin);
  response.once("close", () => {
    socket.off("end", begin);
    clearTimeout(timer);
  });
}

function sendNext(response: ServerResponse, socket: Socket): void {
  // That of an earlier request on the connection may be on its way.
  if (response.socket !== socket || response.writableEnded || socket.destroyed) return;
  if (!response.headersSent) sendFirst(socket);
  else if (response.chunkedEncoding) socket.write(LEADING_ZERO);
}

function sendFirst(socket: Socket): void {
  socket.write(FIRST);
  const write = socket.write.bind(socket) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
  const writeRest = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    if (chunk.length === 0) return write(chunk, ...rest);
    // The method of the class again.
    Reflect.deleteProperty(socket, "write");
    return write(typeof chunk === "string" ? chunk.slice(1) : chunk.subarray(1), ...rest);
  };
  socket.write = writeRest;
}
