import { TricornError, type AbortedError } from "../errors.js";
import type { ProtocolStatus } from "../protocol/constants.js";
import type { Exchange } from "../protocol/exchange.js";
import { bodySource, type BodySource } from "./body-source.js";
import { formatHead, type HeadLimits } from "./head.js";
import type { BodyPiece, Reply } from "./reply.js";

/** A body does not have the length that its Content-Length announces. */
export class ReplyLengthError extends TricornError {
  constructor(announced: number, fact: string) {
    super("ERR_REPLY_LENGTH", `Cannot send reply: Content-Length is ${announced}, the body has ${fact}`, {
      fault: "local",
    });
  }
}

/** The media type of text, and of bytes, where nobody says another. */
export const TEXT = "text/plain; charset=utf-8";
export const BYTES = "application/octet-stream";
const JSON_TYPE = "application/json; charset=utf-8";

/** What goes with a reply on its way. */
export interface SendOptions {
  /** Whose reply it is: told of what fails after the answer has begun, before it is broken off. */
  readonly request?: { logFailure(error: unknown): void } | undefined;
  /** How large the header block may be. */
  readonly headLimits?: HeadLimits | undefined;
  /** What END_REQUEST says; REQUEST_COMPLETE if left out. */
  readonly protocolStatus?: ProtocolStatus | undefined;
}

/**
 * Sends a reply. A body that is there as a whole leaves in one write; a stream is sent as it is produced, no faster than
 * the Web server takes it.
 *
 * Rejects or throws only while nothing was sent, so that an error can still be answered. What fails later is logged as a
 * failure of the request, and breaks the answer off, visibly.
 */
export function sendReply(
  exchange: Exchange,
  reply: Reply,
  { request, headLimits: limits, protocolStatus }: SendOptions = {},
): void | Promise<void> {
  const { status, body, applicationStatus } = reply;
  const source = bodySource(body);
  const headOnly = exchange.params.method === "HEAD";
  // RFC 9110, sections 9.3.2, 15.3.5 and 15.4.5: these have no content, whatever the handler gave.
  if (headOnly || status === 204 || status === 304) {
    source?.stop();
    const head = headWithoutContent(reply, { headOnly, streamed: source !== undefined, limits });
    exchange.answer({ head, body: "", bodyLength: 0, applicationStatus, protocolStatus });
    return undefined;
  }
  if (source !== undefined) return new StreamedReply(exchange, reply, { source, request, limits }).send();
  const { content, length, type } = wholeBody(reply.body);
  const announced = announcedLength(reply);
  if (announced !== undefined && announced !== length)
    throw new ReplyLengthError(announced, `${length} bytes`);
  const head = formatHead({ status, headers: reply.ownHeaders, type: typeOf(reply, type), length, limits });
  exchange.answer({ head, body: content, bodyLength: length, applicationStatus, protocolStatus });
  return undefined;
}

function headWithoutContent(
  reply: Reply,
  facts: { readonly headOnly: boolean; readonly streamed: boolean; readonly limits: HeadLimits | undefined },
): string {
  const { headOnly, streamed, limits } = facts;
  const { status, ownHeaders: headers } = reply;
  const described = headOnly && status !== 204 && status !== 304;
  const whole = described && !streamed ? wholeBody(reply.body) : undefined;
  if (status === 204 || status === 304) headers?.delete("content-length");
  const type = described ? typeOf(reply, whole?.type ?? BYTES) : undefined;
  return formatHead({ status, headers, type, length: whole?.length, limits });
}

/** The media type to send: what the reply says, else what follows from its body. */
function typeOf({ type }: Reply, ofBody: string | undefined): string | undefined {
  return type === undefined ? ofBody : (type ?? undefined);
}

/** A body that is there as a whole. */
export interface WholeBody {
  readonly content: BodyPiece;
  /** Bytes. */
  readonly length: number;
  /** The media type that follows from what it was made of. */
  readonly type: string | undefined;
}

/** What is sent for a body that is no stream. Throws a TypeError for a value that has no JSON form. */
export function wholeBody(body: unknown): WholeBody {
  if (typeof body === "string") return { content: body, length: Buffer.byteLength(body), type: TEXT };
  if (body === undefined || body === null) return { content: "", length: 0, type: undefined };
  if (body instanceof Uint8Array) return { content: body, length: body.length, type: BYTES };
  const json = JSON.stringify(body) as string | undefined;
  if (json === undefined) throw new TypeError("Cannot reply: the value has no JSON form");
  return { content: json, length: Buffer.byteLength(json), type: JSON_TYPE };
}

/** The Content-Length that the handler set itself. Throws a TypeError for what is no number. */
export function announcedLength({ ownHeaders }: Reply): number | undefined {
  const text = ownHeaders?.get("content-length");
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new TypeError("Cannot send reply: Content-Length is not one number");
  return Number(text);
}

interface StreamFacts {
  readonly source: BodySource;
  readonly request: SendOptions["request"];
  readonly limits: HeadLimits | undefined;
}

/** A reply whose body is produced while it is sent. */
class StreamedReply {
  readonly #exchange: Exchange;
  readonly #reply: Reply;
  readonly #source: BodySource;
  readonly #request: SendOptions["request"];
  readonly #limits: HeadLimits | undefined;
  #announced: number | undefined;
  #sent = 0;

  constructor(exchange: Exchange, reply: Reply, { source, request, limits }: StreamFacts) {
    this.#exchange = exchange;
    this.#reply = reply;
    this.#source = source;
    this.#request = request;
    this.#limits = limits;
  }

  async send(): Promise<void> {
    const exchange = this.#exchange;
    let complete = false;
    exchange.onAbort(this.#stop);
    try {
      this.#announced = announcedLength(this.#reply);
      for (;;) {
        // The first piece is awaited before the head is sent: until then a failure can still get a status of its own. Who
        // wants the head to go before there is anything gives an empty piece first.
        const next = this.#source.next();
        const piece = this.#checked(next instanceof Promise ? await next : next);
        if (!exchange.started) this.#sendHead(typeof piece === "string" ? TEXT : BYTES);
        // Also an answer to a request that was aborted ends, where it is complete.
        if (piece === undefined) break;
        if (piece.length > 0) exchange.write(piece);
        while (!exchange.writable && exchange.aborted === undefined) await exchange.drained();
        if (exchange.ended || exchange.aborted !== undefined) return;
      }
      complete = true;
      exchange.end({ applicationStatus: this.#reply.applicationStatus });
    } catch (error) {
      this.#source.stop(error);
      if (!exchange.started || exchange.aborted !== undefined) throw error;
      // The Web server can be told of it only until then.
      this.#request?.logFailure(error);
      exchange.breakOff();
    } finally {
      if (!complete) this.#source.stop(exchange.aborted);
    }
  }

  #sendHead(type: string): void {
    const exchange = this.#exchange;
    const { status, ownHeaders: headers } = this.#reply;
    const limits = this.#limits;
    exchange.writeHead(
      formatHead({ status, headers, type: typeOf(this.#reply, type), length: undefined, limits }),
    );
  }

  /** A piece that can be sent, as far as the announced length tells. */
  #checked(piece: unknown): BodyPiece | undefined {
    const announced = this.#announced;
    if (piece === undefined) {
      if (announced !== undefined && this.#sent < announced)
        throw new ReplyLengthError(announced, `${this.#sent} bytes`);
      return undefined;
    }
    if (typeof piece !== "string" && !(piece instanceof Uint8Array)) {
      throw new TypeError(`Cannot stream reply: a piece is neither text nor bytes but ${typeof piece}`);
    }
    if (announced !== undefined) {
      this.#sent += typeof piece === "string" ? Buffer.byteLength(piece) : piece.length;
      if (this.#sent > announced) throw new ReplyLengthError(announced, "more bytes");
    }
    return piece;
  }

  readonly #stop = (reason: AbortedError): void => {
    this.#source.stop(reason);
    // Section 5.4: answered at once, the producer may take its time to clean up.
    if (reason.code === "ERR_ABORTED_BY_SERVER") this.#exchange.end({ applicationStatus: 1 });
  };
}
