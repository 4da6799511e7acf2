import { ServerResponse, validateHeaderName, validateHeaderValue, type OutgoingHttpHeaders } from "node:http";
import type { Socket } from "node:net";

import type { BodyPiece } from "../roles/reply.js";
import type { ListenerSocket } from "./listener-socket.js";

type Callback = (error?: Error | null) => void;
type Chunk = string | Uint8Array;
type Given = OutgoingHttpHeaders | readonly unknown[] | null | undefined;
type Field = readonly [name: string, value: unknown];

/** What stands in front of a body. */
export interface ResponseHead {
  readonly status: number;
  /** The reason phrase, the usual one too. */
  readonly reason: string;
  readonly fields: Iterable<Field>;
}

/** Who makes a reply of what is written to a response. */
export interface ResponseSink {
  /** The status and the fields are decided. */
  head(head: ResponseHead): void;
  /** A piece of the body; one that is empty has the head sent. */
  write(piece: BodyPiece, taken?: Callback): void;
  /** Runs what ends the response; all that is written meanwhile is the last of it. */
  end(run: () => void): void;
  /** Whether more may be written at once. */
  readonly isHungry: boolean;
}

const SINK = Symbol("sink");

/**
 * The few methods by which a `ServerResponse` writes, which libraries that do without a socket have replaced since
 * Node.js 0.10; everything else of it is what it is.
 */
interface Inside {
  [SINK]: ResponseSink;
  _header: string | null;
  _closed: boolean;
  _contentLength: number | null;
  /** Not in the types of Node.js 20. */
  getRawHeaderNames(): string[];
  _storeHeader(firstLine: string, headers: Given): void;
  _send(data: Chunk, encoding?: BufferEncoding | null, callback?: Callback | null): boolean;
  _writeRaw(data: Chunk, encoding?: BufferEncoding | null, callback?: Callback | null): boolean;
}

/** A response that is written to a {@link ResponseSink}. */
export type ListenerResponse = ServerResponse & Inside;

const { end } = ServerResponse.prototype as unknown as {
  readonly end: (this: ListenerResponse, ...args: unknown[]) => unknown;
};

/**
 * Has a response written to a sink. The methods become its own, because Express gives requests and responses prototypes
 * of its application.
 */
export function writtenTo(
  sink: ResponseSink,
  { response, socket }: { readonly response: ServerResponse; readonly socket: ListenerSocket },
): ListenerResponse {
  const inside = response as unknown as Inside & { socket: Socket; end: unknown };
  inside[SINK] = sink;
  inside.socket = socket as unknown as Socket;
  // As assignSocket() does: by it a response knows that its turn is now.
  socket._httpMessage = response;
  inside._storeHeader = storeHeader;
  inside._send = send;
  inside._writeRaw = writeRaw;
  inside.end = endAtOnce;
  return response as ListenerResponse;
}

/** In the place of formatting HTTP/1.1. */
function storeHeader(this: ListenerResponse, firstLine: string, given: Given): void {
  // What setHeader() was given is checked already. Where this throws nothing is decided, and the listener may answer.
  const fields = this.getRawHeaderNames().length > 0 ? setFields(this) : checked(givenFields(given));
  // There is one from here on, and libraries look whether there is.
  this._header = firstLine;
  if (this.strictContentLength) this._contentLength = announcedLength(this);
  // Some listeners ask for it themselves; how the body is framed is the Web server's matter.
  this.chunkedEncoding = false;
  this[SINK].head({ status: this.statusCode, reason: this.statusMessage, fields });
}

/** In the place of writing to the socket, behind all checks of what may be written. */
function send(
  this: ListenerResponse,
  data: Chunk,
  encoding?: BufferEncoding | null,
  callback?: Callback | null,
): boolean {
  const isText = typeof data === "string" && isUtf8(encoding);
  this[SINK].write(
    isText || typeof data !== "string" ? data : Buffer.from(data, encoding!),
    callback ?? undefined,
  );
  return this[SINK].isHungry;
}

/** Interim answers, which no Web server knows what to do with. */
function writeRaw(
  this: ListenerResponse,
  _data: Chunk,
  _encoding?: BufferEncoding | null,
  callback?: Callback | null,
): boolean {
  if (typeof callback === "function") process.nextTick(callback);
  return true;
}

function endAtOnce(this: ListenerResponse, ...args: unknown[]): ListenerResponse {
  this[SINK].end(() => end.apply(this, args));
  return this;
}

function announcedLength(response: ListenerResponse): number | null {
  const length = response.getHeader("content-length");
  return length === undefined ? null : Number(length);
}

function isUtf8(encoding: string | null | undefined): boolean {
  return encoding === "utf8" || encoding === null || encoding === undefined || encoding === "utf-8";
}

function* setFields(response: ListenerResponse): Generator<Field> {
  for (const name of response.getRawHeaderNames()) yield [name, response.getHeader(name)];
}

/** Those that writeHead() was given where none were set. */
function* givenFields(given: Given): Generator<Field> {
  if (!Array.isArray(given)) {
    yield* Object.entries(given ?? {});
  } else if (Array.isArray(given[0])) {
    yield* given as Field[];
  } else {
    for (let index = 0; index < given.length; index += 2) yield [String(given[index]), given[index + 1]];
  }
}

function checked(given: Iterable<Field>): Field[] {
  const fields = Array.from(given);
  for (const [name, value] of fields) {
    validateHeaderName(name);
    for (const one of Array.isArray(value) ? value : [value]) validateHeaderValue(name, one as string);
  }
  return fields;
}

/** More may be written: told to whoever was asked to wait and has not ended the response, as node:http does. */
export function drained(response: ListenerResponse): void {
  if (!response.writableNeedDrain) return;
  const needed = Object.getOwnPropertySymbols(response).find(
    ({ description }) => description === "kNeedDrain",
  );
  if (needed !== undefined) Reflect.set(response, needed, false);
  response.emit("drain");
}
