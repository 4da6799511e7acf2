// The only file that uses private members of node:http. They are the ones that libraries which replace the socket of a
// request have used since Node.js 0.10. Tried on Node.js 20.19, 22, 24 and 26: `npm run test:node-versions` runs
// test/adapters/node-internals.test.ts on each.
import { EventEmitter } from "node:events";
import { ServerResponse, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import type { Socket } from "node:net";

/** The callback of a write. */
export type WriteCallback = (error?: Error | null) => void;
type Chunk = string | Uint8Array;
/** The header fields that writeHead() was called with. */
export type HeadArgument = OutgoingHttpHeaders | readonly unknown[] | null | undefined;

interface PrivateMessage {
  /** Set by {@link discardBody}. */
  readonly _dumped?: boolean;
  _addHeaderLines(lines: readonly string[], length: number): void;
  _dump(): void;
}

interface PrivateResponse {
  /** The formatted header block; null before writeHead(). */
  _header: string | null;
  _closed: boolean;
  _contentLength: number | null;
}

/** A replacement of a method that writes. */
type Write<R> = (
  this: R,
  data: Chunk,
  encoding?: BufferEncoding | null,
  callback?: WriteCallback | null,
) => boolean;

/** Replacements of the methods by which a `ServerResponse` writes. */
export interface ResponseWriter<R extends ServerResponse> {
  /** Called once, when status and header fields are final. It must call {@link markHeaderStored}. */
  readonly storeHeader: (this: R, firstLine: string, fields: HeadArgument) => void;
  /** Called for each piece of the body, after all checks; returns false to ask the caller to wait for "drain". */
  readonly send: Write<R>;
  /** Called for interim answers. */
  readonly writeInterim: Write<R>;
  readonly end: (this: R, ...args: unknown[]) => R;
}

/** `end()` of node:http, which calls the {@link ResponseWriter}. */
export const { end: endResponse } = ServerResponse.prototype as unknown as {
  readonly end: (this: ServerResponse, ...args: unknown[]) => ServerResponse;
};

/** A writable state for end(), which sets `corked` of its socket. Nothing reads it. */
const writableState = { corked: 1 };

/** The part of a socket that node:http expects beside the public one. */
export class RequestSocket extends EventEmitter {
  _httpMessage: ServerResponse | undefined;
  readonly _writableState = writableState;
}

/** The response that is attached to a socket. */
export function responseOn(socket: RequestSocket): ServerResponse | undefined {
  return socket._httpMessage;
}

/** Adds header fields to a message, as the parser of node:http does: names and values alternate. */
export function addHeaderLines(message: IncomingMessage, lines: readonly string[]): void {
  (message as unknown as PrivateMessage)._addHeaderLines(lines, lines.length);
}

/** Discards the rest of a message's body, as node:http does when its response has finished. */
export function discardBody(message: IncomingMessage): void {
  (message as unknown as PrivateMessage)._dump();
}

/** Whether node:http has discarded the body. */
export function isDiscarded(message: IncomingMessage): boolean {
  return (message as unknown as PrivateMessage)._dumped === true;
}

/**
 * Replaces the writing methods of a response. They become own properties, because Express replaces the prototype of its
 * requests and responses.
 */
export function replaceWriter<R extends ServerResponse>(
  response: ServerResponse,
  writer: ResponseWriter<R>,
): void {
  const replaced = response as unknown as {
    _storeHeader: ResponseWriter<R>["storeHeader"];
    _send: ResponseWriter<R>["send"];
    _writeRaw: ResponseWriter<R>["writeInterim"];
    end: ResponseWriter<R>["end"];
  };
  replaced._storeHeader = writer.storeHeader;
  replaced._send = writer.send;
  replaced._writeRaw = writer.writeInterim;
  replaced.end = writer.end;
}

/** Attaches a response to its socket, as assignSocket() does: from then on the response may be written. */
export function attachSocket(response: ServerResponse, socket: RequestSocket): void {
  (response as { socket: unknown }).socket = socket;
  socket._httpMessage = response;
}

/** Detaches a finished response, as detachSocket() does: to destroy it no longer destroys the socket. */
export function detachSocket(response: ServerResponse): void {
  (response as { socket: Socket | null }).socket = null;
}

/** Marks the header as written. `headersSent` reads this. */
export function markHeaderStored(response: ServerResponse, header: string): void {
  (response as unknown as PrivateResponse)._header = header;
}

/** Sets the length in bytes that `strictContentLength` checks the body against; null for none. */
export function setContentLength(response: ServerResponse, length: number | null): void {
  (response as unknown as PrivateResponse)._contentLength = length;
}

/** Whether the response has emitted "close". */
export function isClosed(response: ServerResponse): boolean {
  return (response as unknown as PrivateResponse)._closed;
}

/** Marks a response as closed. Its `closed` reads this. */
export function markClosed(response: ServerResponse): void {
  (response as unknown as PrivateResponse)._closed = true;
}

/** Lets `writableNeedDrain` be false again. */
export function clearNeedDrain(response: ServerResponse): void {
  const symbol = Object.getOwnPropertySymbols(response).find(
    ({ description }) => description === "kNeedDrain",
  );
  if (symbol !== undefined) Reflect.set(response, symbol, false);
}
