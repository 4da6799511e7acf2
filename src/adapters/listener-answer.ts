import { ServerResponse, type IncomingMessage } from "node:http";

import { AbortedError } from "../errors.js";
import { endToEnd } from "../http/hop-by-hop.js";
import type { BodyPiece } from "../body/pieces.js";
import type { Reply } from "../roles/reply.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { AdaptedReply } from "./adapted-reply.js";
import { ListenerBody } from "./listener-body.js";
import { createMessage, destroyMessage } from "./listener-input.js";
import {
  emitDrain,
  redirectWrites,
  type ListenerResponse,
  type ListenerHead,
  type ResponseTarget,
} from "./listener-response.js";
import { ListenerSocket, type SocketOwner } from "./listener-socket.js";
import { detachSocket, discardBody, isClosed, markClosed, type WriteCallback } from "./node-internals.js";

/** A listener's answer to a request: the reply, as soon as its head is final, and a body that is written after that. */
export class ListenerAnswer implements ResponseTarget, SocketOwner {
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
    this.message = createMessage(request, this.#socket);
    this.#socket.feed(this.message);
    const response = new ServerResponse(this.message);
    this.response = redirectWrites(this, { response, socket: this.#socket });
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

  /** Sets status and fields of the reply. */
  head({ status, reason, fields }: ListenerHead): void {
    try {
      const { headers } = this.#reply;
      this.#reply.decide(status, reason);
      for (const [name, value] of endToEnd(fields)) {
        if (Array.isArray(value)) for (const one of value) headers.appendBytes(name, String(one));
        else headers.appendBytes(name, String(value));
      }
    } catch (error) {
      // Not thrown into the listener: node:http would not throw there.
      this.fail(error);
    }
  }

  /** Adds a piece to the body; an empty one flushes the head. */
  write(piece: BodyPiece, taken?: WriteCallback): void {
    this.#socket.touch();
    if (this.#isEnding) {
      if (taken !== undefined) this.#finish = taken;
      if (piece.length === 0) return;
      if (this.#body === undefined) this.#whole = piece;
      else this.#body.push(piece);
      return;
    }
    if (this.#body === undefined) this.#startBody();
    this.#body!.push(piece, taken);
  }

  /** Whether the listener may write more without waiting. */
  get acceptsMore(): boolean {
    return this.#body?.acceptsMore ?? true;
  }

  /** Runs the original `end()`: what it writes is the last piece, and its callback ends the answer. */
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
    // An answer to HEAD has no body, but the length that the listener set.
    if (this.message.method === "HEAD") this.#reply.body = new ListenerBody(() => {});
    else this.#reply.body = this.#whole ?? "";
    this.#resolve();
    process.nextTick(() => this.#finished(finish));
  }

  /** Fails the answer, or its body if the head was sent. */
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
      // The answer was complete already, and is sent.
      this.#request.logFailure(error);
    }
  }

  /** Whether the request has ended; a listener that fails afterwards usually fails because of that. */
  get #isOver(): boolean {
    const { ended, aborted } = this.#request.exchange;
    return ended || aborted !== undefined;
  }

  #startBody(): void {
    this.#body = new ListenerBody(() => emitDrain(this.response));
    this.#reply.body = this.#body;
    this.#resolve();
  }

  #resolve(): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = { reply: this.#reply };
    this.#settle?.resolve(this.#reply);
  }

  /** Watches for an early end only if the listener still writes. */
  #watched(reply: Reply): Reply {
    if (this.#body !== undefined) {
      this.#socket.readAhead();
      this.#request.exchange.onWarning(this.#warned);
      this.#request.exchange.onEnd(this.#ended);
    }
    return reply;
  }

  /** The bytes of the body so far. */
  get bytesWritten(): number {
    const whole = this.#whole ?? "";
    if (this.#body !== undefined) return this.#body.bytes;
    return typeof whole === "string" ? Buffer.byteLength(whole) : whole.length;
  }

  /** Fails the answer because the listener has destroyed the socket, request or response, unless it is complete. */
  onDestroy(error: Error | undefined): void {
    if (this.response.writableEnded && this.#body === undefined && this.#outcome !== undefined) return;
    this.#socket.markDestroyed();
    this.#destroyError = error;
    this.fail(error ?? new TypeError("Cannot answer: the listener destroyed its request or response"));
    this.#closeSoon();
  }

  /** Finishes the response after all of it was sent. */
  #finished(finish: () => void): void {
    if (this.#isClosed) return;
    finish();
    const { message, response } = this;
    // As node:http does, so that the message ends for its listeners.
    if (message.listenerCount("end") > 0 || message.listenerCount("close") > 0) discardBody(message);
    detachSocket(response);
    // After other callbacks that are due: the error of a write after the end is emitted only until then.
    process.nextTick(() => this.#close());
  }

  readonly #warned = (reason: AbortedError): void => {
    if (this.#isClosed) return;
    if (this.#request.exchange.aborted !== undefined) {
      this.#close(reset(reason));
      this.fail(reason);
      return;
    }
    // The answer is still sent, so nothing is destroyed; but a listener that waits for the client to leave must know.
    this.message.aborted = true;
    this.message.emit("aborted");
    this.#closeResponse();
  };

  readonly #ended = (): void => {
    if (this.#isClosed || (this.#body === undefined ? this.response.writableEnded : this.#body.isOver))
      return;
    // Aborted, or answered by middleware that did not wait.
    const reason = this.#request.exchange.aborted ?? new TypeError("Cannot answer: the request is over");
    this.#close(reset(reason));
    if (this.#outcome === undefined) this.fail(reason);
  };

  /** Closes after the listener's current call, as a socket does. */
  #closeSoon(): void {
    process.nextTick(() => this.#close(reset(undefined)));
  }

  /**
   * Closes in the order of node:http: an aborted request emits its error before its socket closes, and a finished response
   * closes before its socket.
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
    socket.updateComplete();
    socket.markDestroyed();
    const error = this.#destroyError ?? (this.#isCutShort ? reason : undefined);
    if (error !== undefined) socket.emitError(error);
    destroyMessage(this.message, reason);
    this.response.destroyed = true;
    this.#closeResponse();
    socket.emit("close", error !== undefined);
  }

  /** Whether the client left before its request was complete: an error of the socket, not just its end. */
  get #isCutShort(): boolean {
    const { aborted, stdinEnded } = this.#request.exchange;
    return aborted !== undefined && hasLeft(aborted) && !stdinEnded;
  }

  #closeResponse(): void {
    if (isClosed(this.response)) return;
    markClosed(this.response);
    this.response.emit("close");
  }
}

function hasLeft({ code }: AbortedError): boolean {
  return code === "ERR_ABORTED_BY_SERVER" || code === "ERR_ABORTED_DISCONNECT";
}

/** The error of a request whose client has left, with the code that libraries expect; any other reason unchanged. */
function reset(reason: Error | undefined): Error {
  if (reason !== undefined && !(reason instanceof AbortedError && hasLeft(reason))) return reason;
  return Object.assign(new Error("aborted", { cause: reason }), { code: "ECONNRESET" });
}
