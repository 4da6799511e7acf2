import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

import { decodeBeginRequest, encodeEndRequest } from "../../../src/protocol/bodies.js";
import { RecordType, type Role } from "../../../src/protocol/constants.js";
import { Params } from "../../../src/protocol/params.js";
import { RecordReader } from "../../../src/protocol/record-reader.js";
import { encodeRecord, encodeStream } from "../../../src/protocol/record.js";

const NOTHING = Buffer.alloc(0);

/** One request as the scripted application has received it, and the records that it can answer with. */
export class ScriptedRequest {
  readonly socket: Socket;
  readonly id: number;
  readonly role: number;
  readonly keepConnection: boolean;
  /** The variables; names that came twice are listed in `repeated`. */
  params: Record<string, string> = {};
  repeated: string[] = [];
  stdin = NOTHING;
  data = NOTHING;
  stdinLength = 0;
  /** Resolves when PARAMS, STDIN and, for a filter, DATA have ended. */
  readonly complete: Promise<void>;
  /** Resolves at ABORT_REQUEST or when the connection is lost. */
  readonly aborted: Promise<string>;
  #complete!: () => void;
  #abort!: (how: string) => void;
  readonly #pieces: Record<number, Buffer[]> = {};
  readonly #open: Set<number>;

  constructor(
    socket: Socket,
    id: number,
    { role, keepConnection }: { role: number; keepConnection: boolean },
  ) {
    this.socket = socket;
    this.id = id;
    this.role = role;
    this.keepConnection = keepConnection;
    this.#open = new Set([RecordType.Params, RecordType.Stdin, ...(role === 3 ? [RecordType.Data] : [])]);
    this.complete = new Promise((resolve) => (this.#complete = resolve));
    this.aborted = new Promise((resolve) => (this.#abort = resolve));
  }

  receive(type: number, content: Buffer): boolean {
    if (type === RecordType.AbortRequest) this.#abort("ABORT_REQUEST");
    else if (content.length > 0) (this.#pieces[type] ??= []).push(Buffer.from(content));
    else this.#end(type);
    if (type === RecordType.Stdin) this.stdinLength += content.length;
    return type === RecordType.Params && content.length === 0;
  }

  lost(): void {
    this.#abort("closed");
  }

  stdout(content: string | Uint8Array): boolean {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    return this.socket.write(encodeStream({ type: RecordType.Stdout, requestId: this.id, content: bytes }));
  }

  stderr(text: string): void {
    this.socket.write(
      encodeStream({ type: RecordType.Stderr, requestId: this.id, content: Buffer.from(text) }),
    );
  }

  end({ applicationStatus = 0, protocolStatus = 0 } = {}): void {
    const { id: requestId } = this;
    this.socket.write(encodeRecord({ type: RecordType.Stdout, requestId, content: NOTHING }));
    const content = encodeEndRequest({ applicationStatus, protocolStatus });
    this.socket.write(encodeRecord({ type: RecordType.EndRequest, requestId, content }));
    if (!this.keepConnection) this.socket.end();
  }

  /** The whole answer: a header block with its body, and the end. */
  answer(text: string | Uint8Array, end?: { applicationStatus?: number; protocolStatus?: number }): void {
    this.stdout(text);
    this.end(end);
  }

  #end(type: number): void {
    const bytes = Buffer.concat(this.#pieces[type] ?? []);
    if (type === RecordType.Params) {
      for (const [name, value] of new Params(bytes)) {
        if (name in this.params) this.repeated.push(name);
        this.params[name] = value;
      }
      if (bytes.includes("HTTP_PROXY")) this.params["HTTP_PROXY"] = "it is on the wire";
    } else if (type === RecordType.Stdin) this.stdin = bytes;
    else this.data = bytes;
    this.#open.delete(type);
    if (this.#open.size === 0) this.#complete();
  }
}

/** Called when the PARAMS of a request have arrived. */
export type Script = (request: ScriptedRequest) => void | Promise<void>;

/** A FastCGI application that follows a test's script, over a real socket. */
export class ScriptedApplication {
  readonly requests: ScriptedRequest[] = [];
  readonly #scripts: Partial<Record<Role, Script>>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(scripts: Partial<Record<Role, Script>>) {
    this.#scripts = scripts;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The last request of a role. */
  last(role: number): ScriptedRequest | undefined {
    return this.requests.findLast((request) => request.role === role);
  }

  #accept(socket: Socket): void {
    // A script writes its records one by one.
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    const active = new Map<number, ScriptedRequest>();
    const reader = new RecordReader({
      record: (type, id, content) => {
        if (type === RecordType.GetValues) {
          socket.write(encodeRecord({ type: RecordType.GetValuesResult, requestId: 0, content: NOTHING }));
        } else if (type === RecordType.BeginRequest) {
          active.set(id, new ScriptedRequest(socket, id, decodeBeginRequest(content)));
        } else {
          const request = active.get(id);
          if (request?.receive(type, content) === true) this.#run(request);
        }
      },
    });
    socket.on("data", (chunk) => reader.read(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      for (const request of active.values()) request.lost();
    });
  }

  #run(request: ScriptedRequest): void {
    this.requests.push(request);
    const script = this.#scripts[request.role as Role];
    if (script === undefined) request.end({ protocolStatus: 3 });
    else void script(request);
  }
}
