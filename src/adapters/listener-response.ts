import { validateHeaderName, validateHeaderValue, type ServerResponse } from "node:http";

import type { BodyPiece } from "../roles/reply.js";
import {
  attachSocket,
  clearNeedDrain,
  endResponse,
  markHeaderStored,
  replaceWriter,
  setContentLength,
  type HeadArgument,
  type RequestSocket,
  type ResponseWriter,
  type WriteCallback,
} from "./node-internals.js";

type Field = readonly [name: string, value: unknown];

/** The status and header fields of a response. */
export interface ListenerHead {
  readonly status: number;
  /** The reason phrase, also if it is the standard one. */
  readonly reason: string;
  readonly fields: Iterable<Field>;
}

/** Receives what a listener writes to a response. */
export interface ResponseTarget {
  /** Called once with the final status and fields. */
  head(head: ListenerHead): void;
  /** Called with each piece of the body; an empty one flushes the head. `taken` is called when the piece was sent. */
  write(piece: BodyPiece, taken?: WriteCallback): void;
  /** Runs the original `end()`, which calls `write` with the last piece. */
  end(run: () => void): void;
  /** Whether the listener may write more without waiting. */
  readonly acceptsMore: boolean;
}

const TARGET = Symbol("target");

/** A response that is written to a {@link ResponseTarget}. */
export type ListenerResponse = ServerResponse & {
  [TARGET]: ResponseTarget;
  /** Not in the types of Node.js 20. */
  getRawHeaderNames(): string[];
};

/** Directs what is written to a response to a target instead of a socket. */
export function redirectWrites(
  target: ResponseTarget,
  { response, socket }: { readonly response: ServerResponse; readonly socket: RequestSocket },
): ListenerResponse {
  const redirected = response as ListenerResponse;
  redirected[TARGET] = target;
  attachSocket(response, socket);
  replaceWriter(response, writer);
  return redirected;
}

const writer: ResponseWriter<ListenerResponse> = {
  /** Instead of formatting HTTP/1.1. */
  storeHeader(firstLine, argument) {
    // setHeader() has checked its fields already. If this throws, nothing is decided and the listener can still answer.
    const fields = this.getRawHeaderNames().length > 0 ? setFields(this) : checked(fieldsIn(argument));
    markHeaderStored(this, firstLine);
    if (this.strictContentLength) setContentLength(this, lengthField(this));
    // Some listeners set this, but the Web server frames the body.
    this.chunkedEncoding = false;
    this[TARGET].head({ status: this.statusCode, reason: this.statusMessage, fields });
  },

  /** Instead of writing to the socket. */
  send(data, encoding, callback) {
    const isText = typeof data === "string" && isUtf8(encoding);
    this[TARGET].write(
      isText || typeof data !== "string" ? data : Buffer.from(data, encoding!),
      callback ?? undefined,
    );
    return this[TARGET].acceptsMore;
  },

  /** Drops interim answers, which no Web server handles. */
  writeInterim(_data, _encoding, callback) {
    if (typeof callback === "function") process.nextTick(callback);
    return true;
  },

  end(...args) {
    this[TARGET].end(() => endResponse.apply(this, args));
    return this;
  },
};

function lengthField(response: ListenerResponse): number | null {
  const length = response.getHeader("content-length");
  return length === undefined ? null : Number(length);
}

function isUtf8(encoding: string | null | undefined): boolean {
  return encoding === "utf8" || encoding === null || encoding === undefined || encoding === "utf-8";
}

function* setFields(response: ListenerResponse): Generator<Field> {
  for (const name of response.getRawHeaderNames()) yield [name, response.getHeader(name)];
}

/** The fields in an argument of writeHead(): an object, or a list of pairs or of alternating names and values. */
function* fieldsIn(argument: HeadArgument): Generator<Field> {
  if (!Array.isArray(argument)) {
    yield* Object.entries(argument ?? {});
  } else if (Array.isArray(argument[0])) {
    yield* argument as Field[];
  } else {
    for (let index = 0; index < argument.length; index += 2)
      yield [String(argument[index]), argument[index + 1]];
  }
}

function checked(unchecked: Iterable<Field>): Field[] {
  const fields = Array.from(unchecked);
  for (const [name, value] of fields) {
    validateHeaderName(name);
    for (const one of Array.isArray(value) ? value : [value]) validateHeaderValue(name, one as string);
  }
  return fields;
}

/** Emits "drain" if the listener was asked to wait and has not ended the response, as node:http does. */
export function emitDrain(response: ServerResponse): void {
  if (!response.writableNeedDrain) return;
  clearNeedDrain(response);
  response.emit("drain");
}
