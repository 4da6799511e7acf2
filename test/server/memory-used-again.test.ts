// What is read lies in one buffer, what is held in blocks of a pool, and small answers in a slab; all of them are used again.
// Here they are overwritten as soon as they may be.
import type { Socket } from "node:net";
import { expect, test, vi } from "vitest";

import { blocks } from "../../src/protocol/block-pool.js";
import { AcceptedSocket } from "../../src/server/accepted-socket.js";
import { echoHandlers, spellingNames } from "../support/echo-handlers.js";
import { poisonMemory } from "../support/poisoned-memory.js";
import { begin, params, record, Records, Type, variablesOf, type Received } from "../support/records.js";
import { serveDefinitions, turns } from "../support/served.js";
import { openSocket } from "../support/web-server-peer.js";

const KIB = 1024;
const BODIES = 10_000;
const FILTER = 3;

/** A sequence of numbers from 0 to below 1, always the same. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const random = seeded(12);
const below = (limit: number): number => Math.floor(random() * limit);
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)]!;
/** From 0 to a limit, mostly small. */
const skewed = (limit: number): number => Math.floor(limit * random() ** 5);

const noise = Buffer.from(Array.from({ length: 600 * KIB }, () => below(256)));
const letters = Buffer.from(Array.from({ length: 600 * KIB }, () => 97 + below(26)));
const cut = (from: Buffer, length: number): Buffer => {
  const start = below(from.length - length);
  return from.subarray(start, start + length);
};

interface Request {
  readonly path: string;
  readonly role: number;
  readonly variables: Record<string, string>;
  readonly body: Buffer;
  /** What must come back. */
  readonly expected: Buffer;
}

function randomRequest(): Request {
  const name = oneOf([...spellingNames, "x.returned", "x.iterated"]);
  const length = skewed(300 * KIB);
  const isText = ["text", "json", "form"].includes(name);
  const expected = cut(isText ? letters : noise, length);
  if (name.startsWith("x.")) {
    const variables = { FCGI_DATA_LENGTH: String(length), FCGI_DATA_LAST_MOD: "1700000000" };
    return { path: `/${name}`, role: FILTER, variables, body: expected, expected };
  }
  const [body, type] = encoded(name, expected);
  const variables: Record<string, string> = { REQUEST_METHOD: "POST", CONTENT_TYPE: type };
  // Without a length only the end counts.
  if (random() < 0.8) variables["CONTENT_LENGTH"] = String(body.length);
  return { path: `/${name}`, role: 1, variables, body, expected };
}

function encoded(name: string, content: Buffer): [body: Buffer, type: string] {
  switch (name) {
    case "json":
      return [Buffer.concat([Buffer.from('{"text":"'), content, Buffer.from('"}')]), "application/json"];
    case "form":
      return [Buffer.concat([Buffer.from("text="), content]), "application/x-www-form-urlencoded"];
    case "multipart": {
      const [start, middle, end] = [
        '--XX\r\nContent-Disposition: form-data; name="field"\r\n\r\n',
        '\r\n--XX\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n',
        "\r\n--XX--\r\n",
      ].map((text) => Buffer.from(text));
      const half = below(content.length + 1);
      const parts = [start!, content.subarray(0, half), middle!, content.subarray(half), end!];
      return [Buffer.concat(parts), "multipart/form-data; boundary=XX"];
    }
    default:
      return [content, "text/plain"];
  }
}

/** The records of a request, cut at random, and perhaps an abort in the middle. */
function* recordsOf(id: number, request: Request, isAborted: boolean): Generator<Buffer> {
  yield Buffer.concat([begin(id, request.role), params(id, variablesOf(request.path, request.variables))]);
  const type = request.role === FILTER ? Type.data : Type.stdin;
  if (request.role === FILTER) yield record(Type.stdin, id);
  const largest = oneOf([100, 1_000, 8_000, 32_000, 65_535]);
  let sent = 0;
  while (sent < request.body.length) {
    if (isAborted && random() < 0.3) {
      yield record(Type.abort, id);
      return;
    }
    const size = largest < 1_000 && request.body.length > 20 * KIB ? 8_000 : 1 + below(largest);
    yield record(type, id, request.body.subarray(sent, sent + size), below(4) === 0 ? below(256) : 0);
    sent += size;
  }
  yield record(type, id);
}

/** A connection with several requests at once. */
class Session {
  readonly #socket: Socket;
  readonly #count: number;
  readonly #most = 1 + below(6);
  /** Whether it only reads if it can send nothing, so that writes of the application stay unfinished. */
  readonly #isSlow = random() < 0.5;
  /** After how many requests it is cut short, with all that are active then. */
  readonly #end: number;
  readonly #records = new Records();
  readonly #active = new Map<number, { request: Request; isAborted: boolean; received: Received[] }>();
  readonly #sending: [id: number, records: Generator<Buffer>][] = [];
  #begun = 0;
  #wake = (): void => {};
  #fault: unknown;
  /** How many requests were answered with what they had sent. */
  same = 0;

  constructor(address: string, count: number) {
    this.#socket = openSocket(address);
    this.#count = count;
    this.#end = random() < 0.15 ? 1 + below(count) : Infinity;
    this.#socket.on("data", this.#read);
    this.#socket.on("drain", () => this.#wake());
    this.#socket.on("close", () => this.#wake());
    // One that is cut short ends in an error on either side.
    this.#socket.on("error", () => {});
  }

  /** Sends all requests and compares the answers. Throws if one is wrong or missing. */
  async run(): Promise<void> {
    const socket = this.#socket;
    while (!socket.destroyed && this.#begun < this.#end) {
      while (this.#begun < this.#count && this.#active.size < this.#most) this.#begin();
      if (this.#active.size === 0) break;
      if (this.#sending.length > 0 && this.#send()) continue;
      await this.#something();
    }
    if (this.#begun >= this.#end) cutShort(socket);
    else socket.end();
    while (!socket.destroyed && !socket.readableEnded) await this.#something();
    socket.destroy();
    if (this.#fault !== undefined) throw this.#fault as Error;
    if (this.#begun < this.#end && (this.#begun < this.#count || this.#active.size > 0))
      throw new Error(`${this.#active.size} of ${this.#begun} requests were not answered`);
  }

  #begin(): void {
    const id = (this.#begun += 1);
    const isAborted = random() < 0.05;
    const request = randomRequest();
    this.#active.set(id, { request, isAborted, received: [] });
    this.#sending.push([id, recordsOf(id, request, isAborted)]);
  }

  /** Returns whether more can be sent. */
  #send(): boolean {
    const one = oneOf(this.#sending);
    const { value } = one[1].next();
    if (value !== undefined) return this.#socket.write(value);
    this.#sending.splice(this.#sending.indexOf(one), 1);
    return true;
  }

  async #something(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#socket.resume();
    });
    if (this.#isSlow) this.#socket.pause();
  }

  readonly #read = (chunk: Buffer): void => {
    try {
      for (const received of this.#records.push(chunk)) {
        this.#active.get(received.id)?.received.push(received);
        if (received.type === Type.end) this.#answered(received.id);
      }
    } catch (error) {
      this.#fault = error;
      this.#socket.destroy();
    }
    this.#wake();
  };

  #answered(id: number): void {
    const { request, isAborted, received } = this.#active.get(id)!;
    this.#active.delete(id);
    if (isAborted) return;
    const stdout = Buffer.concat(
      received.flatMap(({ type, content }) => (type === Type.stdout ? [content] : [])),
    );
    const head = stdout.subarray(0, stdout.indexOf("\r\n\r\n") + 4);
    const body = stdout.subarray(head.length);
    if (!head.toString("latin1").startsWith("Status: 200") || !body.equals(request.expected))
      throw new Error(
        `${request.path} of ${request.expected.length} bytes got ${body.length}: ${head.toString()}`,
      );
    this.same += 1;
  }
}

function cutShort(socket: Socket): void {
  const way = below(3);
  if (way === 0 && socket.remoteAddress !== undefined) socket.resetAndDestroy();
  else if (way === 1) socket.destroy();
  else socket.end(() => socket.destroy());
}

/** How many writes the system took only a part of at once. */
function countPartialWrites(): { count: number } {
  const partial = { count: 0 };
  const { writeNow } = AcceptedSocket.prototype;
  vi.spyOn(AcceptedSocket.prototype, "writeNow").mockImplementation(function (this: AcceptedSocket, buffers) {
    const written = writeNow.call(this, buffers);
    if (written > 0 && written < buffers.reduce((sum, { length }) => sum + length, 0)) partial.count += 1;
    return written;
  });
  return partial;
}

// Under load one core for a minute; alone 10 s.
test("10,000 bodies come back unchanged, over many connections, whatever becomes of the others", async () => {
  const memory = poisonMemory();
  const partial = countPartialWrites();
  const served = await Promise.all([
    serveDefinitions(echoHandlers(), { over: "tcp" }),
    serveDefinitions(echoHandlers(), { over: "unix" }),
  ]);
  let same = 0;
  const many = async (): Promise<void> => {
    while (same < BODIES) {
      const session = new Session(oneOf(served).address, 40);
      await session.run();
      same += session.same;
    }
  };
  await Promise.all(Array.from({ length: 12 }, many));
  for (const { server } of served) await expect.poll(() => server.openConnections).toBe(0);

  expect(memory.faults).toEqual([]);
  expect(Math.min(...Object.values(memory.poisoned))).toBeGreaterThan(BODIES / 10);
  expect(partial.count).toBeGreaterThan(BODIES / 500);
  await turns();
  expect(blocks.counts.inUse).toBe(0);
  for (const { log, server } of served) {
    expect(server.activeRequests).toBe(0);
    expect(log.filter(({ level }) => level >= 50)).toEqual([]);
  }
}, 600_000);
