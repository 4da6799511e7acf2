import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";

import { encodeRecord } from "../../src/protocol/record.js";
import { RecordReader } from "../../src/protocol/record-reader.js";

/** A record as it came; pieces of one record are joined. */
export interface SeenRecord {
  readonly type: number;
  readonly id: number;
  readonly content: Buffer;
}

/** The application's end of one connection, played by a test. */
export class Peer {
  readonly stream: Duplex;
  readonly #arrived: Buffer[] = [];
  readonly #records: SeenRecord[] = [];
  /** How many of the records are taken: shift() of an array of a hundred thousand moves them all. */
  #taken = 0;
  readonly #reader = new RecordReader({
    record: (type, id, content) => this.#records.push({ type, id, content: Buffer.from(content) }),
  });
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on("data", (chunk: Buffer) => {
      this.#arrived.push(chunk);
      this.#wake?.();
    });
    stream.on("error", () => {});
    for (const event of ["end", "close"]) {
      stream.on(event, () => {
        this.#ended = true;
        this.#wake?.();
      });
    }
  }

  /** The next bytes, this many. */
  async bytes(length: number): Promise<Buffer> {
    for (;;) {
      const all = Buffer.concat(this.#arrived.splice(0));
      this.#arrived.push(all);
      if (all.length >= length) {
        this.#arrived[0] = all.subarray(length);
        return all.subarray(0, length);
      }
      await this.#more();
    }
  }

  /** The next record. Not to be mixed with {@link bytes} in the middle of one. */
  async record(): Promise<SeenRecord> {
    for (;;) {
      for (const chunk of this.#arrived.splice(0)) if (chunk.length > 0) this.#reader.read(chunk);
      const record = this.#records[this.#taken];
      if (record !== undefined) {
        this.#taken += 1;
        return record;
      }
      this.#records.length = 0;
      this.#taken = 0;
      await this.#more();
    }
  }

  /** The next record of this type; those before it are dropped. */
  async recordOf(type: number): Promise<SeenRecord> {
    for (;;) {
      const record = await this.record();
      if (record.type === type) return record;
    }
  }

  /** Reads a request without a body up to the end of STDIN and returns its id. */
  async request(): Promise<number> {
    const { id } = await this.recordOf(1);
    for (;;) {
      const record = await this.record();
      if (record.type === 5 && record.id === id && record.content.length === 0) return id;
    }
  }

  send(bytes: Uint8Array): void {
    this.stream.write(bytes);
  }

  /** Sends STDOUT, followed by END_REQUEST. */
  answer(id: number, text: string, { applicationStatus = 0, protocolStatus = 0 } = {}): void {
    this.stdout(id, text);
    this.end(id, { applicationStatus, protocolStatus });
  }

  stdout(id: number, text: string | Buffer): void {
    this.send(encodeRecord({ type: 6, requestId: id, content: Buffer.from(text) }));
  }

  stderr(id: number, text: string): void {
    this.send(encodeRecord({ type: 7, requestId: id, content: Buffer.from(text) }));
  }

  end(id: number, { applicationStatus = 0, protocolStatus = 0 } = {}): void {
    const body = Buffer.from([0, 0, 0, applicationStatus, protocolStatus, 0, 0, 0]);
    this.send(encodeRecord({ type: 3, requestId: id, content: body }));
  }

  /** Answers the next GET_VALUES. */
  async answerValues(values: string): Promise<void> {
    await this.recordOf(9);
    this.sendValues(values);
  }

  /** Sends GET_VALUES_RESULT: `NAME=value` with blanks between. */
  sendValues(values: string): void {
    const pairs = values.split(" ").filter(Boolean);
    const content = Buffer.concat(
      pairs.map((pair) => {
        const [name = "", value = ""] = pair.split("=");
        return Buffer.concat([Buffer.of(name.length, value.length), Buffer.from(name + value)]);
      }),
    );
    this.send(encodeRecord({ type: 10, requestId: 0, content }));
  }

  close(): void {
    this.stream.destroy();
  }

  /** Resolves when the client has closed its side. */
  async closed(): Promise<void> {
    while (!this.#ended) await this.#wait();
  }

  async #more(): Promise<void> {
    if (this.#ended) throw new Error("The client closed the connection");
    await this.#wait();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** A server whose connections are played by a test. */
export class ScriptedApplication {
  readonly #server: Server;
  readonly #peers: Peer[] = [];
  readonly #accepted: Peer[] = [];
  #wake: (() => void) | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      const peer = new Peer(socket);
      this.#peers.push(peer);
      this.#accepted.push(peer);
      this.#wake?.();
    });
  }

  /** Listens on a free port of TCP, or on the unix socket of this path. */
  static async listen(path?: string): Promise<ScriptedApplication> {
    const server = createServer({ noDelay: true });
    const application = new ScriptedApplication(server);
    if (path === undefined) server.listen(0, "127.0.0.1");
    else server.listen(path);
    await once(server, "listening");
    return application;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections were made. */
  get connections(): number {
    return this.#peers.length;
  }

  /** The next connection. */
  async accept(): Promise<Peer> {
    for (;;) {
      const peer = this.#accepted.shift();
      if (peer !== undefined) return peer;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    for (const peer of this.#peers) peer.close();
    this.#server.close();
    await once(this.#server, "close");
  }
}
