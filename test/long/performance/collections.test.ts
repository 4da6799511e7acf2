// How often V8 collects because of bodies, and how much memory outside of its heap they take. Counts, not times. A young
// collection takes a millisecond or less, a full one tens of them; what is used again needs neither.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";

import type { Counts } from "../../../bench/peers/memory-counters.js";
import { NodeProcess, commandOf } from "../../support/node-process.js";
import { filter, get, post, Records, Type } from "../../support/records.js";

const MIB = 1024 * 1024;
const ECHO = Buffer.alloc(64 * 1024, "The quick brown fox jumps over the lazy dog.\n");
const FILE = Buffer.alloc(MIB, ECHO);

/** An eighth of a GiB in each direction that has bodies: 2,048 echoes. */
const BYTES = 128 * MIB;

interface Exchange {
  readonly request: Buffer;
  readonly answer: Buffer | string;
}

const exchanges = {
  returned: { request: post(1, "/returned", ECHO), answer: ECHO },
  iterated: { request: post(1, "/iterated", ECHO), answer: ECHO },
  piped: { request: post(1, "/piped", ECHO), answer: ECHO },
  collected: { request: post(1, "/collected", ECHO), answer: ECHO },
  read: { request: post(1, "/read", ECHO), answer: String(ECHO.length) },
  sent: { request: get(1, "/sent"), answer: Buffer.alloc(MIB, "z") },
  filtered: { request: filter(1, "/file.txt", FILE), answer: FILE },
} as const satisfies Record<string, Exchange>;

/** A connection to a server in a process of its own. */
class Connection {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(): Promise<Connection> {
    const address = await new NodeProcess(commandOf("test/long/performance/collections-server.ts")).address();
    const socket = connect(Number(address.split(":").at(-1)), "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    return new Connection(socket);
  }

  /** The body of the answer. */
  async answer(request: Buffer): Promise<Buffer> {
    this.#socket.write(request);
    const records = new Records();
    const content: Buffer[] = [];
    for (;;) {
      const [chunk] = (await once(this.#socket, "data")) as [Buffer];
      for (const record of records.push(chunk)) {
        if (record.type === Type.stdout) content.push(record.content);
        if (record.type !== Type.end) continue;
        const bytes = Buffer.concat(content);
        return bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
      }
    }
  }

  async count(what: "collections" | "outside" | "nothing"): Promise<Counts> {
    return JSON.parse(String(await this.answer(get(1, `/count/${what}`)))) as Counts;
  }

  /** As many exchanges as have so many bytes in one direction. */
  async exchange({ request, answer }: Exchange, bytes: number): Promise<void> {
    const wanted = Buffer.from(answer);
    const each = Math.max(request.length, wanted.length);
    for (let sent = 0; sent < bytes; sent += each) {
      if (!(await this.answer(request)).equals(wanted)) throw new Error("The answer is not the expected one");
    }
  }
}

test.each([
  // Written from the memory that they were read into.
  ["returned", { full: 1, outside: 0.05 }],
  // A handler may keep what it sees: bytes are copied once into memory of their own.
  ["iterated", { full: 2, outside: 1.1 }],
  ["piped", { full: 1, outside: 1.1 }],
  ["collected", { full: 2, outside: 1.1 }],
  ["read", { full: 2, outside: 1.1 }],
  ["filtered", { full: 1, outside: 1.1 }],
  // What is sent is the handler's memory.
  ["sent", { full: 0, outside: 0.05 }],
] as const)(
  "bodies that are %s cause few full collections and take no more memory than their own",
  async (name, most) => {
    const connection = await Connection.open();
    const exchange = exchanges[name];
    // As in a process that has done other things before.
    for (const other of Object.values(exchanges)) await connection.exchange(other, BYTES / 8);
    await connection.exchange(exchange, BYTES / 4);
    await connection.count("collections");
    await connection.exchange(exchange, BYTES);
    const { full } = await connection.count("outside");
    await connection.exchange(exchange, BYTES / 16);
    const { outside = NaN } = await connection.count("nothing");
    expect(full).toBeLessThanOrEqual(most.full);
    expect(outside / (BYTES / 16)).toBeLessThanOrEqual(most.outside);
  },
);
