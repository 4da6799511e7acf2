import { ServerResponse, type IncomingMessage } from "node:http";

import { AbortedError } from "../errors.js";
import { endToEnd } from "../http/hop-by-hop.js";
import type { BodyPiece } from "../body/pieces.js";
import type { Reply } from "../roles/reply.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { AdaptedReply } from "./adapted-reply.js";
import { ListenerBody } from "./listener-body.js";
import { breakOff } from "./listener-input.js";
import { messageOf } from "./listener-request.js";
import {
  drained,
  writtenTo,
  type ListenerResponse,
  type ResponseHead,
  type ResponseSink,
} from "./listener-response.js";
import { ListenerSocket, type SocketOwner } from "./listener-socket.js";

/** What a listener makes of a request: the reply as soon as there is one, and a body that is written after that. */
export class ListenerAnswer implements ResponseSink, SocketOwner {
  readonly #request: ResponderRequest;
  readonly #socket: ListenerSocket;
  readonly message: IncomingMessage;
  readonly response: ListenerResponse;
  readonly #reply = new AdaptedReply(undefined, { type: null });
  #body: ListenerBody | undefined;
  #whole: BodyPiece | undefined;
  #finish: (() => void) | undefined;
  #outcome: { readonly reply: Reply } | { readonly error: unknown } | undefined;
  #settle: { resolve: (reply: Reply) => void; reject: (error: unknown) => void } | undefined;
  #destroyError: Error | undefined;
  #isEnding = false;
  #isClosed = false;

  constructor(request: ResponderRequest) {
    this.#request = request;
    this.#socket = new ListenerSocket(request, this);
    this.message = messageOf(request, this.#socket);
    this.#socket.feed(this.message);
    const response = new ServerResponse(this.message);
    this.response = writtenTo(this, { response, socket: this.#socket });
  }

  /** The reply, or a promise of it. */
  take(): Reply | Promise<Reply> {
    const outcome = this.#outcome;
    if (outcome !== undefined) {
      if ("reply" in outcome) return this.#watched(outcome.reply);
      throw outcome.error;
    }
    this.#socket.readAhead();
    const { exchange } = this.#request;
    exchange.onWarning(this.#warned);
    exchange.onEnd(this.#ended);
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  /** The status and the fields are decided. */
  head({ status, reason, fields }: ResponseHead): void {
    try {
      const { headers } = this.#reply;
      this.#reply.decide(status, reason);
      for (const [name, value] of endToEnd(fields)) {
        if (Array.isArray(value)) for (const one of value) headers.appendBytes(name, String(one));
        else headers.appendBytes(name, String(value));
      }
    } catch (error) {
      // Not thrown into the listener, which cannot know it of node:http.
      this.fail(error);
    }
  }

  /** A piece of the body, or nothing but the wish that the head goes. */
  write(piece: BodyPiece, taken?: (error?: Error | null) => void): void {
    this.#socket.touch();
    if (this.#isEnding) {
      if (taken !== undefined) this.#finish = taken;
      if (piece.length === 0) return;
      if (this.#body === undefined) this.#whole = piece;
      else this.#body.push(piece);
      return;
    }
    if (this.#body === undefined) this.#begin();
    this.#body!.push(piece, taken);
  }

  /** Whether the listener may go on writing at once. */
  get isHungry(): boolean {
    return this.#body?.isHungry ?? true;
  }

  /** Runs what ends the response; all that is written meanwhile is the last of it. */
  end(run: () => void): void {
    this.#isEnding = true;
    try {
      run();
    } finally {
      this.#isEnding = false;
    }
    const finish = this.#finish;
    if (finish === undefined) return;
    this.#finish = undefined;
    if (this.#body !== undefined) {
      this.#body.end(() => this.#finished(finish));
      return;
    }
    // What has no body may still have a length, which the listener knows.
    if (this.message.method === "HEAD") this.#reply.body = new ListenerBody(() => {});
    else this.#reply.body = this.#whole ?? "";
    this.#resolve();
    process.nextTick(() => this.#finished(finish));
  }

  /** It cannot be answered, or not to the end. */
  fail(error: unknown): void {
    const outcome = this.#outcome;
    if (outcome === undefined) {
      this.#outcome = { error };
      this.#settle?.reject(error);
      this.#closeSoon();
    } else if (this.#body !== undefined) {
      this.#body.fail(error);
      this.#closeSoon();
    } else if ("reply" in outcome && !this.#isOver) {
      // The answer was given already, and stands.
      this.#request.logFailure(error);
    }
  }

  /** Whoever is not wanted any more mostly fails for that reason. */
  get #isOver(): boolean {
    const { ended, aborted } = this.#request.exchange;
    return ended || aborted !== undefined;
  }

  #begin(): void {
    this.#body = new ListenerBody(() => drained(this.response));
    this.#reply.body = this.#body;
    this.#resolve();
  }

  #resolve(): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = { reply: this.#reply };
    this.#settle?.resolve(this.#reply);
  }

  /** Only who still writes has to know when it ends early. */
  #watched(reply: Reply): Reply {
    if (this.#body !== undefined) {
      this.#socket.readAhead();
      this.#request.exchange.onWarning(this.#warned);
      this.#request.exchange.onEnd(this.#ended);
    }
    return reply;
  }

  /** Bytes of the body so far. */
  get bytesWritten(): number {
    const whole = this.#whole ?? "";
    if (this.#body !== undefined) return this.#body.bytes;
    return typeof whole === "string" ? Buffer.byteLength(whole) : whole.length;
  }

  /** The listener has destroyed its socket, or with it request or response. An answer that is there as a whole stands. */
  destroyed(error: Error | undefined): void {
    if (this.response.writableEnded && this.#body === undefined && this.#outcome !== undefined) return;
    this.#socket.markDestroyed();
    this.#destroyError = error;
    this.fail(error ?? new TypeError("Cannot answer: the listener has destroyed its request or response"));
    this.#closeSoon();
  }

  /** Everything was taken. */
  #finished(finish: () => void): void {
    if (this.#isClosed) return;
    finish();
    const { message, response } = this;
    // As node:http does, for whoever waits for its end.
    if (message.listenerCount("end") > 0 || message.listenerCount("close") > 0) {
      (message as unknown as { _dump(): void })._dump();
    }
    // As detachSocket() leaves it: who destroys a response that has finished destroys nothing else.
    (response as { socket: unknown }).socket = null;
    // Behind what else is due: an error of a write behind the end is told only until then.
    process.nextTick(() => this.#close());
  }

  readonly #warned = (reason: AbortedError): void => {
    if (this.#isClosed) return;
    if (this.#request.exchange.aborted !== undefined) {
      this.#close(reset(reason));
      this.fail(reason);
      return;
    }
    // What still comes is sent, so nothing is destroyed; but who only waits for the client to leave has to know.
    this.message.aborted = true;
    this.message.emit("aborted");
    this.#closeResponse();
  };

  readonly #ended = (): void => {
    if (this.#isClosed || (this.#body === undefined ? this.response.writableEnded : this.#body.isOver))
      return;
    // Broken off, or answered by somebody else: middleware that did not wait.
    const reason = this.#request.exchange.aborted ?? new TypeError("Cannot answer: the request is over");
    this.#close(reset(reason));
    if (this.#outcome === undefined) this.fail(reason);
  };

  /** Where the listener is at work: it hears of it when that is done, as it does of a socket. */
  #closeSoon(): void {
    process.nextTick(() => this.#close(reset(undefined)));
  }

  /**
   * The request is over, in the order of node:http: what broke off says so before its socket closes, and what finished
   * closes before it.
   */
  #close(reason?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const socket = this.#socket;
    if (reason === undefined) {
      this.response.destroyed = true;
      this.#closeResponse();
      socket.markDestroyedLater();
      return;
    }
    socket.settle();
    socket.markDestroyed();
    const error = this.#destroyError ?? (this.#isCutShort ? reason : undefined);
    if (error !== undefined) socket.tellError(error);
    breakOff(this.message, reason);
    this.response.destroyed = true;
    this.#closeResponse();
    socket.emit("close", error !== undefined);
  }

  /** The client has left before its request was there: an error of the socket, where another leave is its end. */
  get #isCutShort(): boolean {
    const { aborted, stdinEnded } = this.#request.exchange;
    return aborted !== undefined && hasLeft(aborted) && !stdinEnded;
  }

  #closeResponse(): void {
    if (this.response._closed) return;
    this.response._closed = true;
    this.response.emit("close");
  }
}

function hasLeft({ code }: AbortedError): boolean {
  return code === "ERR_ABORTED_BY_SERVER" || code === "ERR_ABORTED_DISCONNECT";
}

/** The error of a request whose client has left, by the name that libraries know; other reasons stay what they are. */
function reset(reason: Error | undefined): Error {
  if (reason !== undefined && !(reason instanceof AbortedError && hasLeft(reason))) return reason;
  return Object.assign(new Error("aborted", { cause: reason }), { code: "ECONNRESET" });
}
