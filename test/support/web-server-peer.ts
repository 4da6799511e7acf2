import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

import { answerOf, type Answer } from "./answer.js";
import { Records, Type, type Received } from "./records.js";

/** The number of chunks that are kept separate. */
const KEPT_CHUNKS = 16;

/** The peer of an application as a script: sends literal bytes and awaits records. Closed when the test ends. */
export class WebServerPeer {
  readonly socket: Socket;
  readonly #records = new Records();
  readonly #chunks: Buffer[] = [];
  readonly #received: Received[] = [];
  readonly #open = new Map<number, Received[]>();
  readonly #answers = new Map<number, Answer[]>();
  #wake: (() => void)[] = [];
  #ended = false;
  #closed = false;
  /** Bytes that have arrived. */
  bytesRead = 0;
  /** Set unless the connection ended with a clean FIN. */
  error: NodeJS.ErrnoException | undefined;
  /** A fault in the application's output. */
  #fault: unknown;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("end", () => {
      this.#ended = true;
      this.#notify();
    });
    socket.on("error", (error) => {
      this.error = error;
    });
    socket.on("close", () => {
      this.#closed = true;
      this.#notify();
    });
  }

  /** Connects to an address as `Server.address` gives it. */
  static async connect(address: string): Promise<WebServerPeer> {
    const socket = openSocket(address);
    const peer = new WebServerPeer(socket);
    onTestFinished(() => peer.destroy());
    await once(socket, "connect");
    return peer;
  }

  /** Whether the connection ended in the way that marks an aborted answer. */
  get brokenOff(): boolean {
    return this.#records.brokenOff;
  }

  /** Sends bytes in one write. */
  send(...parts: readonly Uint8Array[]): this {
    this.socket.write(Buffer.concat(parts));
    return this;
  }

  /** Sends bytes, no faster than the application reads them; throws if the connection closes meanwhile. */
  async upload(...parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) if (!this.socket.write(part)) await this.#drained();
  }

  /** Closes the sending side. */
  end(): this {
    this.socket.end();
    return this;
  }

  /** Closes at once: with a reset, as servers do that have lost their client. */
  reset(): this {
    this.socket.resetAndDestroy();
    return this;
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** The next record that no other call has returned. */
  async record(): Promise<Received> {
    return (await this.#until(() => this.#received.shift())) ?? this.#early("a record came");
  }

  /** The whole answer to the next request of this id. */
  async answer(id: number): Promise<Answer> {
    return (
      (await this.#until(() => this.#answers.get(id)?.shift())) ?? this.#early(`request ${id} was answered`)
    );
  }

  /** Resolves when this many bytes have arrived. */
  async received(bytes: number): Promise<void> {
    const came = await this.#until(() => (this.bytesRead >= bytes ? true : undefined));
    if (came === undefined) this.#early(`${bytes} bytes came`);
  }

  /** Resolves when the application has closed its side; throws if it was by a reset. */
  async closedByApplication(): Promise<void> {
    await this.#until(() => (this.#ended || this.#closed ? true : undefined));
    if (this.error !== undefined) throw this.error;
  }

  /** Does something once our side is closed, then waits for the application to close its own. */
  async closedByApplicationOr(act: () => void): Promise<void> {
    await once(this.socket, "finish");
    act();
    await this.closedByApplication();
  }

  /** Resolves when the socket is closed for any reason. */
  async closed(): Promise<void> {
    if (!this.#closed) await once(this.socket, "close");
  }

  /** Whether the application has closed its side. */
  get ended(): boolean {
    return this.#ended || this.#closed;
  }

  /** The records of a request that has not ended. */
  unfinished(id: number): readonly Received[] {
    return this.#open.get(id) ?? [];
  }

  /** Every record that {@link record} has not returned. */
  get pending(): readonly Received[] {
    return this.#received;
  }

  /** Proves that the application has read everything sent so far and still serves this connection. */
  async roundTrip(): Promise<void> {
    this.send(Buffer.from([1, Type.getValues, 0, 0, 0, 0, 0, 0]));
    const found = (): Received | undefined => {
      const index = this.#received.findIndex(({ type }) => type === Type.getValuesResult);
      return index < 0 ? undefined : this.#received.splice(index, 1)[0];
    };
    if ((await this.#until(found)) === undefined) this.#early("GET_VALUES was answered");
  }

  /** The first bytes that came, as they came. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  #drained(): Promise<void> {
    const { socket } = this;
    return new Promise((resolve, reject) => {
      const closed = (): void => reject(new Error("The connection closed before everything was sent."));
      socket.once("close", closed);
      socket.once("drain", () => {
        socket.off("close", closed);
        resolve();
      });
    });
  }

  #read(chunk: Buffer): void {
    this.bytesRead += chunk.length;
    if (this.#chunks.length < KEPT_CHUNKS) this.#chunks.push(chunk);
    try {
      for (const record of this.#records.push(chunk)) this.#sort(record);
    } catch (error) {
      this.#fault = error;
      this.socket.destroy();
    }
    this.#notify();
  }

  #sort(record: Received): void {
    this.#received.push(record);
    const { id, type } = record;
    if (id === 0) return;
    const records = this.#open.get(id) ?? [];
    records.push(record);
    this.#open.set(id, records);
    if (type !== Type.end) return;
    this.#open.delete(id);
    const answers = this.#answers.get(id) ?? [];
    answers.push(answerOf(records));
    this.#answers.set(id, answers);
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Waits for something; undefined if the connection ends before. */
  async #until<T>(take: () => T | undefined): Promise<T | undefined> {
    for (;;) {
      const taken = take();
      if (taken !== undefined) return taken;
      if (this.#fault !== undefined) throw this.#fault as Error;
      if (this.#ended || this.#closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
      });
    }
  }

  #early(what: string): never {
    throw new Error(`The connection ended before ${what}.`, { cause: this.error });
  }
}

/** A socket to an address as `Server.address` gives it. */
export function openSocket(address: string): Socket {
  if (address.startsWith("unix:")) return connect({ path: address.slice(5), allowHalfOpen: true });
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  return connect({ host, port: Number(address.slice(colon + 1)), allowHalfOpen: true, noDelay: true });
}
