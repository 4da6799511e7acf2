import type { OutgoingRequest } from "../protocol/outgoing-request.js";
import { cancelSource, isReplayable, openSource, type BodyReader } from "./body-source.js";
import type { RequestInput } from "./client-request.js";

/** At most so much is queued at once, so that requests on one connection take turns. */
const SLICE = 64 * 1024;

/** What a sender needs of the connection. */
export interface OutputGate {
  /** Whether the transport takes output at the moment. */
  readonly writable: boolean;
  /** Resolves when output is taken again or the connection is gone. */
  drained(): Promise<void>;
}

/** What a sender reports. */
export interface SenderListener {
  /** A piece was handed to the transport. */
  progressed(): void;
  /** A source failed; nothing more is sent. */
  failed(error: unknown): void;
}

/** Sends the input streams of one request, one after the other, no faster than the transport takes them. */
export class RequestSender {
  readonly #gate: OutputGate;
  readonly #listener: SenderListener;
  #inputs: RequestInput[] = [];
  #reader: BodyReader | undefined;
  #stopped = false;
  /** Whether it is the caller who is waited for. */
  awaitsSource = false;

  constructor(gate: OutputGate, listener: SenderListener) {
    this.#gate = gate;
    this.#listener = listener;
  }

  /** Starts; small bodies that are there as a whole are queued before this returns. */
  send(request: OutgoingRequest, inputs: readonly RequestInput[]): void {
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

  /** Sends nothing more and cancels the sources that are not at their end. */
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

  async #sendStream(request: OutgoingRequest, input: RequestInput): Promise<void> {
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

  async #sendBytes(request: OutgoingRequest, { type }: RequestInput, bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += SLICE) {
      while (!this.#gate.writable && !this.#stopped) await this.#gate.drained();
      if (this.#stopped) return;
      request.write(type, bytes.subarray(start, start + SLICE));
      this.#listener.progressed();
    }
  }
}

/** The bytes of a body that is there as a whole; undefined for a stream. */
function bytesOf({ source }: RequestInput): Uint8Array | undefined {
  if (!isReplayable(source)) return undefined;
  return source instanceof Uint8Array ? source : Buffer.from(source ?? "");
}
