import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The first character of every response. */
const FIRST = "H";
/** A leading zero, valid in the size of any next chunk (RFC 9112, section 7.1). */
const LEADING_ZERO = "0";

const EMPTY = new Uint8Array(0);

/** Milliseconds between two checks of a connection whose client has sent FIN: the first and the maximum. */
const FIRST_WAIT = 20;
const LONGEST_WAIT = 1_000;

/**
 * Detects whether a client that has sent FIN still waits for its response or has closed the connection. Only sending shows the
 * difference: a closed connection responds with a reset, which closes the socket. Therefore the next character of the
 * response is sent at once, if it is known; otherwise TCP keep-alive probes detect it within about a minute.
 *
 * node:http takes every FIN for a closed connection.
 */
export function watchHalfClosed(response: ServerResponse, socket: Socket): void {
  let timer: NodeJS.Timeout | undefined;
  const look = (wait: number): void => {
    if (response.closed || socket.destroyed) return;
    // An empty write fails after a reset, which otherwise only a read or a write would detect.
    if (socket.writableLength === 0) socket.write(EMPTY);
    timer = setTimeout(look, wait, Math.min(2 * wait, LONGEST_WAIT)).unref();
  };
  const begin = (): void => {
    sendNext(response, socket);
    socket.setKeepAlive(true, LONGEST_WAIT);
    look(FIRST_WAIT);
  };
  // With pipelined requests it may have arrived before this one.
  if (socket.readableEnded) setImmediate(begin);
  else socket.once("end", begin);
  response.once("close", () => {
    socket.off("end", begin);
    clearTimeout(timer);
  });
}

function sendNext(response: ServerResponse, socket: Socket): void {
  // The response to an earlier request on the connection may still be active.
  if (response.socket !== socket || response.writableEnded || socket.destroyed) return;
  if (!response.headersSent) sendFirst(socket);
  else if (response.chunkedEncoding) socket.write(LEADING_ZERO);
}

function sendFirst(socket: Socket): void {
  socket.write(FIRST);
  const write = socket.write.bind(socket) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
  const writeRest = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    if (chunk.length === 0) return write(chunk, ...rest);
    // Restores the method of the class.
    Reflect.deleteProperty(socket, "write");
    return write(typeof chunk === "string" ? chunk.slice(1) : chunk.subarray(1), ...rest);
  };
  socket.write = writeRest;
}
