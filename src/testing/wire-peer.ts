import { connect } from "node:net";
import { once } from "node:events";
import type { Duplex } from "node:stream";

import { parseAddress, type AddressLike } from "../protocol/address.js";
import { decodeEndRequest, encodeBeginRequest, encodeEndRequest } from "../protocol/bodies.js";
import { NULL_REQUEST_ID, ProtocolStatus, RecordType, Role } from "../protocol/constants.js";
import { encodeNameValuePairs, type NameValuePair } from "../protocol/name-value.js";
import { encodeRecord, encodeStream } from "../protocol/record.js";
import {
  RecordSplitter,
  recordTypes,
  type RecordName,
  type WireAnswer,
  type WireRecord,
} from "./wire-record.js";

/** The content of a record: text is sent as UTF-8. */
export type WireContent = string | Uint8Array;

/**
 * One end of a FastCGI connection as a script: it sends any record, also what the specification forbids, and expects records one by
 * one. It is the Web server's end before an application, or the application's end before a client.
 */
export class WirePeer {
  readonly #stream: Duplex;
  readonly #records: WireRecord[] = [];
  /** The names of the records that were taken, for messages. */
  readonly #taken: string[] = [];
  readonly #splitter = new RecordSplitter();
  #fault: Error | undefined;
  #ended = false;
  #wake = (): void => {};

  /** @param stream an open connection; see also {@link WirePeer.connect} and `TestApplication.connect` */
  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => this.#read(chunk));
    // The other side may reset the connection; what it has sent before counts.
    stream.on("error", () => {});
    for (const event of ["end", "close"]) {
      stream.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** Connects to an application that listens; see `parseAddress`. */
  static async connect(address: AddressLike): Promise<WirePeer> {
    const to = parseAddress(address);
    if (to.kind === "fd") throw new TypeError("Cannot connect: the address is a descriptor");
    const socket = connect(
      to.kind === "unix"
        ? { path: to.path, allowHalfOpen: true }
        : { host: to.host, port: to.port, allowHalfOpen: true, noDelay: true },
    );
    await once(socket, "connect");
    return new WirePeer(socket);
  }

  /** Sends bytes as they are, in one write. */
  send(...parts: readonly Uint8Array[]): this {
    this.#stream.write(Buffer.concat(parts));
    return this;
  }

  /** Sends one record of any type, padded to a multiple of eight bytes; a management record by default. */
  record(
    type: RecordName | number,
    { id = NULL_REQUEST_ID, content = "" }: { id?: number; content?: WireContent } = {},
  ): this {
    const number = typeof type === "number" ? type : recordTypes[type];
    return this.send(encodeRecord({ type: number, requestId: id, content: Buffer.from(content) }));
  }

  /** Sends BEGIN_REQUEST: of a responder, keeping the connection, by default. */
  begin(
    id: number,
    { role = Role.Responder, keepConnection = true }: { role?: number; keepConnection?: boolean } = {},
  ): this {
    return this.record("BEGIN_REQUEST", { id, content: encodeBeginRequest({ role, keepConnection }) });
  }

  /** Sends all of PARAMS and their end. */
  params(id: number, params: Iterable<NameValuePair> | Readonly<Record<string, string>>): this {
    const pairs = Symbol.iterator in params ? params : Object.entries(params);
    return this.#wholeStream("PARAMS", id, encodeNameValuePairs(pairs));
  }

  /** Sends all of STDIN and its end. */
  stdin(id: number, content: WireContent = ""): this {
    return this.#wholeStream("STDIN", id, Buffer.from(content));
  }

  /** Sends all of DATA and its end. */
  data(id: number, content: WireContent = ""): this {
    return this.#wholeStream("DATA", id, Buffer.from(content));
  }

  /** Sends ABORT_REQUEST. */
  abort(id: number): this {
    return this.record("ABORT_REQUEST", { id });
  }

  /** Sends GET_VALUES with these names. */
  getValues(...names: readonly string[]): this {
    const pairs = names.map((name): NameValuePair => [name, ""]);
    return this.record("GET_VALUES", { content: encodeNameValuePairs(pairs) });
  }

  /** Sends a piece of STDOUT. */
  stdout(id: number, content: WireContent): this {
    return this.send(encodeStream({ type: RecordType.Stdout, requestId: id, content: Buffer.from(content) }));
  }

  /** Sends a piece of STDERR. */
  stderr(id: number, content: WireContent): this {
    return this.send(encodeStream({ type: RecordType.Stderr, requestId: id, content: Buffer.from(content) }));
  }

  /** Sends the end of STDOUT, and END_REQUEST. */
  end(
    id: number,
    {
      applicationStatus = 0,
      protocolStatus = ProtocolStatus.RequestComplete,
    }: { applicationStatus?: number; protocolStatus?: number } = {},
  ): this {
    this.record("STDOUT", { id });
    return this.record("END_REQUEST", {
      id,
      content: encodeEndRequest({ applicationStatus, protocolStatus }),
    });
  }

  /**
   * Takes the next record.
   *
   * @param type the type that it must have
   * @throws Error if it has another, or the connection ends before; both say what came
   */
  async next(type?: RecordName): Promise<WireRecord> {
    const record = await this.#nextRecord(type ?? "a record");
    if (type !== undefined && record.type !== type) {
      throw new Error(
        `Expected ${type}, but ${record.type} of request ${record.id} came with ${record.content.length} bytes${this.#history()}`,
      );
    }
    this.#taken.push(record.type);
    return record;
  }

  /** Takes the records of a request up to its END_REQUEST. Those of other requests stay. */
  async answer(id: number): Promise<WireAnswer> {
    const records: WireRecord[] = [];
    for (let at = 0; ;) {
      while (at >= this.#records.length) await this.#more(`END_REQUEST of request ${id}`);
      if (this.#records[at]!.id !== id) {
        at += 1;
        continue;
      }
      const [record] = this.#records.splice(at, 1) as [WireRecord];
      this.#taken.push(record.type);
      records.push(record);
      if (record.type !== "END_REQUEST") continue;
      return {
        records,
        stdout: contentOf(records, "STDOUT"),
        stderr: contentOf(records, "STDERR"),
        ...decodeEndRequest(record.content),
      };
    }
  }

  /** Closes the sending side. */
  finish(): this {
    this.#stream.end();
    return this;
  }

  /** Resolves when the other side has closed the connection, or its sending side. */
  async ended(): Promise<void> {
    while (!this.#ended) await this.#change();
  }

  /** Closes the connection at once. */
  close(): void {
    this.#stream.destroy();
  }

  #wholeStream(type: "PARAMS" | "STDIN" | "DATA", id: number, content: Buffer): this {
    return this.send(
      encodeStream({ type: recordTypes[type], requestId: id, content }),
      encodeRecord({ type: recordTypes[type], requestId: id, content: Buffer.alloc(0) }),
    );
  }

  async #nextRecord(awaited: string): Promise<WireRecord> {
    while (this.#records.length === 0) await this.#more(awaited);
    return this.#records.shift()!;
  }

  async #more(awaited: string): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#ended) throw new Error(`Expected ${awaited}, but the connection ended${this.#history()}`);
    await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #history(): string {
    return this.#taken.length === 0 ? "" : `, after ${this.#taken.slice(-5).join(", ")}`;
  }

  #read(chunk: Buffer): void {
    try {
      this.#splitter.split(chunk, (record) => this.#records.push(record));
    } catch (error) {
      this.#fault ??= error as Error;
    }
    this.#wake();
  }
}

function contentOf(records: readonly WireRecord[], type: RecordName): string {
  return Buffer.concat(records.filter((one) => one.type === type).map(({ content }) => content)).toString();
}
