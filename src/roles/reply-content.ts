import { types } from "node:util";

import { isStreamed, pieceSource } from "../body/piece-source.js";
import type { BodyPiece, PieceSource } from "../body/pieces.js";
import { TricornError } from "../errors.js";

/** A handler returned a value that has no form on the wire. */
export class ReplyBodyError extends TricornError {
  readonly #fact: string;

  /** @param fact what is wrong with the body, and the cure */
  constructor(fact: string, cause?: unknown) {
    super("ERR_REPLY_BODY", `Cannot reply: ${fact}`, { fault: "local", cause });
    this.#fact = fact;
  }

  /** Adds the name of the handler to the message: `BookController.show`. */
  attribute(handler: string): void {
    const { message, stack } = this;
    this.message = `Cannot reply for ${handler}: ${this.#fact}`;
    if (stack !== undefined) this.stack = stack.replace(message, () => this.message);
  }
}

/** The default media types of text and of bytes. */
export const TEXT = "text/plain; charset=utf-8";
export const BYTES = "application/octet-stream";
const JSON_TYPE = "application/json; charset=utf-8";
const FORM_TYPE = "application/x-www-form-urlencoded;charset=UTF-8";

/** A body that is complete in memory. */
export interface WholeContent {
  readonly kind: "whole";
  readonly content: BodyPiece;
  /** Bytes. */
  readonly length: number;
  /** The media type of its kind. */
  readonly type: string | undefined;
}

/** A body that is produced while it is sent. */
export interface StreamedContent {
  readonly kind: "streamed";
  readonly source: PieceSource<BodyPiece>;
  /** In bytes; undefined if unknown in advance. */
  readonly length: number | undefined;
  /** The media type of its kind; undefined if the first piece decides. */
  readonly type: string | undefined;
}

/**
 * What is sent for a body: the one list of what can be sent, whether a handler returns it, passes it to `reply` or a
 * middleware sets it. A stream is taken over: the caller must send it or stop its source.
 *
 * @throws ReplyBodyError for a value that has no form on the wire
 * @throws the body itself if it is an error: it counts as thrown
 */
export function contentOf(body: unknown): WholeContent | StreamedContent {
  if (typeof body === "string") return wholeContent(body, Buffer.byteLength(body), TEXT);
  if (body === undefined || body === null) return wholeContent("", 0, undefined);
  const bytes = asByteArray(body);
  if (bytes !== undefined) return wholeContent(bytes, bytes.length, BYTES);
  checkBody(body);
  const streamed = typeof body === "object" && !Array.isArray(body) ? streamedOf(body) : undefined;
  if (streamed !== undefined) return streamed;
  if (body instanceof URLSearchParams) {
    const text = body.toString();
    return wholeContent(text, Buffer.byteLength(text), FORM_TYPE);
  }
  const json = jsonOf(body);
  return wholeContent(json, Buffer.byteLength(json), JSON_TYPE);
}

/** Whether a body is produced while it is sent. Takes nothing over. */
export function isProduced(body: unknown): boolean {
  return isStreamed(body) || isBlob(body) || isFormData(body);
}

/** Whether a body has a media type of its own, which a route's type does not replace. */
export function saysType(body: unknown): boolean {
  return body instanceof URLSearchParams || isFormData(body) || (isBlob(body) && body.type !== "");
}

/** Stops the producer of a body that will not be sent. */
export function stopBody(body: unknown): void {
  pieceSource(body)?.discard();
}

/** The bytes of a binary value of any type; undefined for other values. */
export function asByteArray(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (!types.isAnyArrayBuffer(value)) return undefined;
  const bytes = new Uint8Array(value);
  // Shared memory can change at any time, so its content is copied now.
  return types.isSharedArrayBuffer(value) ? bytes.slice() : bytes;
}

/**
 * Refuses values that have no form on the wire, as far as their type says it.
 *
 * @throws ReplyBodyError
 * @throws the body itself if it is an error
 */
export function checkBody(body: unknown): void {
  switch (typeof body) {
    case "bigint":
      throw new ReplyBodyError("a BigInt is neither text nor JSON; send String(value)");
    case "symbol":
      throw new ReplyBodyError("a symbol is neither text nor JSON");
    case "function":
      throw new ReplyBodyError(`a function${functionName(body)} is neither text nor JSON; call it`);
    case "object":
      checkObject(body);
      return;
    default:
      return;
  }
}

function checkObject(body: object | null): void {
  if (body === null) return;
  // A returned promise was awaited, so this one was put into a reply.
  if (typeof (body as { then?: unknown }).then === "function")
    throw new ReplyBodyError("a promise is not a body; await it");
  if (isPlain(body)) return;
  // A returned error counts as thrown, also one of another realm.
  if (body instanceof Error || types.isNativeError(body)) throw body;
  const fact = NO_CONTENT.get(tagOf(body));
  if (fact !== undefined) throw new ReplyBodyError(fact);
  if (types.isMap(body))
    throw new ReplyBodyError("a Map is neither text nor JSON; send Object.fromEntries(map) or [...map]");
  if (types.isWeakMap(body) || types.isWeakSet(body) || types.isRegExp(body))
    throw new ReplyBodyError(`a ${body.constructor.name} is neither text nor JSON`);
}

/** Objects that hold or produce content but are not content: as JSON they would be `{}`. With the cure. */
const NO_CONTENT: ReadonlyMap<string, string> = new Map([
  ["[object Request]", "a Request is neither text nor JSON; send its body"],
  ["[object WritableStream]", "a WritableStream is neither text nor JSON"],
  ["[object WeakRef]", "a WeakRef is neither text nor JSON"],
  ...["Transform", "Compression", "Decompression", "TextEncoder", "TextDecoder"].map(
    (name) =>
      [`[object ${name}Stream]`, `a ${name}Stream is neither text nor JSON; send its readable`] as const,
  ),
]);

/** Whether it is a list or an object literal, for which JSON is meant, and not an instance of a class. */
export function isPlain(value: object): boolean {
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

function streamedOf(body: object): StreamedContent | undefined {
  if (isBlob(body)) {
    const { size, type } = body;
    return { kind: "streamed", source: pieceSource(body.stream())!, length: size, type: type || BYTES };
  }
  if (isFormData(body)) {
    const encoded = new Response(body);
    const type = encoded.headers.get("content-type") ?? undefined;
    return { kind: "streamed", source: pieceSource(encoded.body)!, length: undefined, type };
  }
  const source = pieceSource(body);
  return source && { kind: "streamed", source, length: undefined, type: undefined };
}

function wholeContent(content: BodyPiece, length: number, type: string | undefined): WholeContent {
  return { kind: "whole", content, length, type };
}

/** By its tag first: touching the class makes Node.js load all of fetch, which few applications need. */
function isFormData(body: unknown): body is FormData {
  return tagOf(body) === "[object FormData]" && body instanceof FormData;
}

/** A Blob or a File, of Node.js or of a library. */
function isBlob(body: unknown): body is Blob {
  const tag = tagOf(body);
  if (tag !== "[object Blob]" && tag !== "[object File]") return false;
  return typeof (body as Partial<Blob>).stream === "function";
}

function tagOf(body: unknown): string {
  return Object.prototype.toString.call(body);
}

function functionName({ name }: { readonly name: string }): string {
  return name === "" ? "" : ` (${name})`;
}

function jsonOf(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value) as string | undefined;
  } catch (error) {
    const fact = faultOfJson(error);
    // An error from the application's toJSON() is passed on as it is.
    throw fact === undefined ? error : new ReplyBodyError(fact);
  }
  if (json === undefined) throw new ReplyBodyError("its toJSON() returns a value that JSON cannot represent");
  return json;
}

/** Which property closes the circle, as V8 says it in the last line of its message. */
function closingOf(message: string): string {
  const [, property] = /\n[^\n]*property '([\w$]{1,100})' closes the circle$/.exec(message) ?? [];
  return property === undefined ? "" : ` by its property ${property}`;
}

/** What V8 refuses by itself, in the words that it has had since Node.js 12. */
function faultOfJson(error: unknown): string | undefined {
  if (!(error instanceof TypeError)) return undefined;
  if (error.message.includes("serialize a BigInt"))
    return "it contains a BigInt, which JSON does not support; send String(value)";
  if (error.message.startsWith("Converting circular structure"))
    return `it contains itself${closingOf(error.message)}, so it cannot be sent as JSON`;
  return undefined;
}
