import type { OutgoingRequest } from "../protocol/outgoing-request.js";
import { cancelSource, isReplayable, openSource, type BodyReader } from "./body-source.js";
import type { OutgoingStream } from "./client-request.js";

/** Bytes that are queued at once, so that requests on one connection take turns. */
const SLICE = 64 * 1024;

/** The connection's output, as a sender sees it. */
export interface OutputGate {
  /** Whether the transport accepts output. */
  readonly writable: boolean;
  /** Resolves when output is accepted again, or the connection is closed. */
  drained(): Promise<void>;
}

/** What a sender reports. */
export interface SenderListener {
  /** A piece was sent. */
  progressed(): void;
  /** A source failed; nothing else is sent. */
  failed(error: unknown): void;
}

/** Sends the input streams of one request, one after the other, with back-pressure. */
export class RequestSender {
  readonly #gate: OutputGate;
  readonly #listener: SenderListener;
  #inputs: OutgoingStream[] = [];
  #reader: BodyReader | undefined;
  #stopped = false;
  /** Whether the sender waits for the caller's source. */
  awaitsSource = false;

  constructor(gate: OutputGate, listener: SenderListener) {
    this.#gate = gate;
    this.#listener = listener;
  }

  /** Starts to send. Small bodies in memory are queued before this returns. */
  send(request: OutgoingRequest, inputs: readonly OutgoingStream[]): void {
    this.#inputs = [...inputs];
    for (let input = this.#inputs[0]; input !== undefined; input = this.#inputs[0]) {
      const bytes = bytesOf(input);
      if (bytes === undefined || bytes.length > SLICE) break;
      if (bytes.length > 0) request.write(input.type, bytes);
      request.close(input.type);
      this.#inputs.shift();
    }
    if (this.#inputs.length > 0) {
      this.#sendRest(request).catch((error: unknown) => {
        if (!this.#stopped) this.#listener.failed(error);
      });
    }
  }

  /** Stops sending, and cancels the unfinished sources. */
  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#reader?.cancel(reason);
    for (const { source } of this.#inputs) cancelSource(source, reason);
    this.#inputs = [];
  }

  async #sendRest(request: OutgoingRequest): Promise<void> {
    for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) {
      const bytes = bytesOf(input);
      if (bytes === undefined) await this.#sendStream(request, input);
      else await this.#sendBytes(request, input, bytes);
      if (this.#stopped) return;
      request.close(input.type);
    }
  }

  async #sendStream(request: OutgoingRequest, input: OutgoingStream): Promise<void> {
    const { source } = input;
    if (isReplayable(source)) return;
    const reader = openSource(source);
    this.#reader = reader;
    while (!this.#stopped) {
      this.awaitsSource = true;
      const piece = await reader.next();
      this.awaitsSource = false;
      this.#listener.progressed();
      if (piece === undefined) {
        this.#reader = undefined;
        return;
      }
      await this.#sendBytes(request, input, piece);
    }
  }

  async #sendBytes(request: OutgoingRequest, { type }: OutgoingStream, bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += SLICE) {
      while (!this.#gate.writable && !this.#stopped) await this.#gate.drained();
      if (this.#stopped) return;
      request.write(type, bytes.subarray(start, start + SLICE));
      this.#listener.progressed();
    }
  }
}

/** The bytes of a body in memory; undefined for a stream. */
function bytesOf({ source }: OutgoingStream): Uint8Array | undefined {
  if (!isReplayable(source)) return undefined;
  return source instanceof Uint8Array ? source : Buffer.from(source ?? "");
}
