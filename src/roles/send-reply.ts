import { TricornError, type AbortedError } from "../errors.js";
import type { ProtocolStatus } from "../protocol/constants.js";
import { paceCollections } from "../protocol/own-memory.js";
import { Segment } from "../protocol/segment.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import { formatHead, type HeadLimits } from "../http/head.js";
import {
  ReplyBodyError,
  BYTES,
  TEXT,
  asByteArray,
  contentOf,
  stopBody,
  type StreamedContent,
} from "./reply-content.js";
import type { BodyPiece, Reply } from "./reply.js";

/** A body does not have the length that its Content-Length announces. */
export class ReplyLengthError extends TricornError {
  constructor(announced: number, fact: string) {
    super("ERR_REPLY_LENGTH", `Cannot send reply: Content-Length is ${announced}, but the body has ${fact}`, {
      fault: "local",
    });
  }
}

/** How a reply is sent. */
export interface SendOptions {
  /** Logs what fails after the answer has begun, before it is broken off. */
  readonly request?: { logFailure(error: unknown): void } | undefined;
  /** How large the header block may be. */
  readonly headLimits?: HeadLimits | undefined;
  /** The protocol status in END_REQUEST; REQUEST_COMPLETE by default. */
  readonly protocolStatus?: ProtocolStatus | undefined;
}

/**
 * Sends a reply. A complete body is sent in one write; a stream is sent as it is produced, no faster than the Web server
 * reads it.
 *
 * Throws or rejects only if nothing was sent, so that an error can still be answered. A later failure is logged as a
 * failure of the request, and breaks the answer off visibly.
 */
export function sendReply(
  exchange: Exchange,
  reply: Reply,
  { request, headLimits: limits, protocolStatus }: SendOptions = {},
): void | Promise<void> {
  const { status, body, applicationStatus } = reply;
  const headOnly = exchange.params.method === "HEAD";
  if (headOnly || hasNoContent(status)) {
    const head = headOnly && !hasNoContent(status) ? headOfContent(reply, limits) : headAlone(reply, limits);
    exchange.answer({ head, body: "", bodyLength: 0, applicationStatus, protocolStatus });
    return undefined;
  }
  const content = contentOf(body);
  if (content.kind === "streamed")
    return new StreamedReply(exchange, reply, { content, request, limits }).send();
  const { length } = content;
  const announced = announcedLength(reply);
  if (announced !== undefined && announced !== length)
    throw new ReplyLengthError(announced, `${length} bytes`);
  const type = typeOf(reply, content.type);
  const { ownHeaders: headers, reason } = reply;
  const head = formatHead({ status, reason, headers, type, length, limits });
  exchange.answer({ head, body: content.content, bodyLength: length, applicationStatus, protocolStatus });
  return undefined;
}

/** RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5: these have no content, even if the handler returns some. */
function hasNoContent(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** The head of an answer that has no content, for any method. */
function headAlone(reply: Reply, limits: HeadLimits | undefined): string {
  const { status, reason, ownHeaders: headers } = reply;
  stopBody(reply.body);
  headers?.delete("content-length");
  // Section 15.3.6: a server that frames the answer must neither wait for content nor send some.
  const length = status === 205 ? 0 : undefined;
  return formatHead({ status, reason, headers, type: undefined, length, limits });
}

/**
 * The head of the answer to a GET (section 9.3.2), as far as it is known. Without a body the length is unknown: a handler
 * of HEAD need not produce the content, and a length of 0 would be wrong.
 */
function headOfContent(reply: Reply, limits: HeadLimits | undefined): string {
  const { status, reason, ownHeaders: headers } = reply;
  const content = contentOf(reply.body);
  if (content.kind === "streamed") content.source.discard();
  const length = content.length === 0 ? undefined : content.length;
  return formatHead({ status, reason, headers, type: typeOf(reply, content.type), length, limits });
}

/** The media type to send: what the reply says, else what follows from its body. */
function typeOf({ type }: Reply, ofBody: string | undefined): string | undefined {
  return type === undefined ? ofBody : (type ?? undefined);
}

/** The Content-Length that the handler set. Throws a TypeError if it is not a number. */
export function announcedLength({ ownHeaders }: Reply): number | undefined {
  const text = ownHeaders?.get("content-length");
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw new TypeError("Cannot send reply: Content-Length is not a single number");
  return Number(text);
}

interface StreamFacts {
  readonly content: StreamedContent;
  readonly request: SendOptions["request"];
  readonly limits: HeadLimits | undefined;
}

/** A reply whose body is produced while it is sent. */
class StreamedReply {
  readonly #exchange: Exchange;
  readonly #reply: Reply;
  readonly #content: StreamedContent;
  readonly #request: SendOptions["request"];
  readonly #limits: HeadLimits | undefined;
  #announced: number | undefined;
  #sent = 0;

  constructor(exchange: Exchange, reply: Reply, { content, request, limits }: StreamFacts) {
    this.#exchange = exchange;
    this.#reply = reply;
    this.#content = content;
    this.#request = request;
    this.#limits = limits;
  }

  async send(): Promise<void> {
    const exchange = this.#exchange;
    const { source } = this.#content;
    let complete = false;
    let segment: Segment | undefined;
    exchange.onAbort(this.#stop);
    try {
      this.#announce();
      for (;;) {
        // The first piece is awaited before the head is sent: until then a failure can still be answered with its own
        // status. A handler that wants the head sent first yields an empty piece.
        const next = source.lend === undefined ? source.next() : source.lend();
        const given = next instanceof Promise ? await next : next;
        if (given instanceof Segment) segment = given;
        const piece = this.#checked(segment?.bytes ?? given);
        if (!exchange.started) this.#sendHead(typeof piece === "string" ? TEXT : BYTES);
        // A complete answer ends normally, even if its request was aborted.
        if (piece === undefined) break;
        if (segment !== undefined) {
          const written = segment;
          // The exchange owns it from now on, whatever happens.
          segment = undefined;
          exchange.writeSegment(written);
        } else if (piece.length > 0) this.#write(piece);
        while (!exchange.writable && exchange.aborted === undefined) await exchange.drained();
        if (exchange.ended || exchange.aborted !== undefined) return;
      }
      complete = true;
      exchange.end({ applicationStatus: this.#reply.applicationStatus });
    } catch (error) {
      source.discard(error);
      if (!exchange.started || exchange.aborted !== undefined) throw error;
      // Logged first: once the answer is broken off, no line on STDERR can follow.
      this.#request?.logFailure(error);
      exchange.breakOff();
    } finally {
      segment?.release();
      if (!complete) source.discard(exchange.aborted);
    }
  }

  #write(piece: BodyPiece): void {
    // Mostly the producer has made it for this. Half of it is enough: what it was made from was paced too.
    if (typeof piece !== "string") paceCollections(piece.length / 2);
    this.#exchange.write(piece);
  }

  #announce(): void {
    const { length } = this.#content;
    const announced = announcedLength(this.#reply);
    if (announced !== undefined && length !== undefined && announced !== length)
      throw new ReplyLengthError(announced, `${length} bytes`);
    this.#announced = announced ?? length;
  }

  #sendHead(typeOfPiece: string): void {
    const exchange = this.#exchange;
    const { status, reason, ownHeaders: headers } = this.#reply;
    const { length, type = typeOfPiece } = this.#content;
    const limits = this.#limits;
    const known = typeOf(this.#reply, type);
    exchange.writeHead(formatHead({ status, reason, headers, type: known, length, limits }));
  }

  /** A piece that can be sent; throws if it does not fit the announced length. */
  #checked(given: unknown): BodyPiece | undefined {
    const announced = this.#announced;
    if (given === undefined) {
      if (announced !== undefined && this.#sent < announced)
        throw new ReplyLengthError(announced, `${this.#sent} bytes`);
      return undefined;
    }
    const piece = typeof given === "string" ? given : asByteArray(given);
    if (piece === undefined) throw new ReplyBodyError(factOfPiece(given));
    if (announced !== undefined) {
      this.#sent += typeof piece === "string" ? Buffer.byteLength(piece) : piece.length;
      if (this.#sent > announced) throw new ReplyLengthError(announced, "more bytes");
    }
    return piece;
  }

  readonly #stop = (reason: AbortedError): void => {
    this.#content.source.discard(reason);
    // Section 5.4: answer at once, even if the producer takes longer to clean up.
    if (reason.code === "ERR_ABORTED_BY_SERVER") this.#exchange.end({ applicationStatus: 1 });
  };
}

function factOfPiece(piece: unknown): string {
  return `the iterable yields ${kindOf(piece)}, not text or bytes; send JSON as an array: [...iterable]`;
}

function kindOf(piece: unknown): string {
  if (piece === null) return "null";
  if (Array.isArray(piece)) return "an array";
  return typeof piece === "object" ? "an object" : `a ${typeof piece}`;
}
