import type { Duplex } from "node:stream";
import { connect } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import pino from "pino";

import type { AbortedError } from "../../src/errors.js";
import type { Application, Refusal, RoleInputs } from "../../src/protocol/application.js";
import type { Exchange } from "../../src/protocol/exchange.js";
import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Server } from "../../src/server/server.js";
import { get } from "../support/records.js";
import { definitions } from "./handlers.js";
import { LinkEnd } from "./link.js";
import { answeredIn, judge } from "./oracle.js";
import type { Session, Step } from "./session.js";

/** How connections are made. */
export type Over = "memory" | "tcp";

/** What a session showed. */
export interface SessionFigures {
  readonly begun: number;
  readonly answered: number;
  /** How long the slowest new connection waited for its answer, in ms. */
  readonly slowestProbe: number;
}

/** A new connection must be served within so many ms. */
const PROBE_LIMIT = 100;
/** How long a session may take to end, in ms. */
const END_LIMIT = 15_000;
/** A peer that was sent so much without asking for it closes. */
const ENOUGH = 4 * 1024 * 1024;

const log = pino({ level: "silent" });

/** Runs one session against an application of its own. Rejects with what was wrong. */
export async function runSession(session: Session, over: Over): Promise<SessionFigures> {
  const tokens = new Set<string>();
  let issued = 0;
  const issueToken = (): string => {
    const token = `token-${(issued += 1)}`;
    tokens.add(token);
    return token;
  };
  const application = new WatchedApplication(
    new Dispatcher(definitions({ issueToken }), { log }),
    session.hurried,
  );
  const times = session.hurried ? 20 : 60_000;
  // Whoever does everything right may be slow to read.
  const drain = session.expected === undefined ? 200 : 5_000;
  const server = new Server(application, {
    log,
    limits: {
      requestsPerConnection: 8,
      requests: 20,
      paramsBytes: 64 * 1024,
      paramsCount: 50,
      bufferedPerRequest: 32 * 1024,
    },
    timeouts: { params: times, body: times, abortGrace: 20, halfClosed: 20, drain, shutdown: 20 },
  });
  if (over === "tcp") await server.listen("127.0.0.1:0");
  let closing: Promise<void> | undefined;
  try {
    const open = (): Peer => new Peer(connectTo(server));
    const peers = Array.from({ length: session.connections }, open);
    let slowestProbe = 0;
    for (const step of session.steps) {
      if (step.do === "probe") {
        // The limit on requests may be reached, then it is refused; but answered it is.
        const full = server.activeRequests >= server.limits.requests - 1;
        if (closing === undefined) slowestProbe = Math.max(slowestProbe, await probe(open, full));
      } else if (step.do === "close server") {
        closing ??= server.close();
      } else await take(step, peers);
    }
    for (const peer of peers) peer.resume();
    if (session.expected !== undefined) {
      for (const [on, peer] of peers.entries()) {
        await peer.answered(session.expected.filter((expectation) => expectation.on === on).length);
      }
    }
    for (const peer of peers) peer.sayGoodbye(session.farewell);
    if (session.farewell === "wait") {
      // Whoever did not close now lets the time limits strike first.
      await Promise.race([Promise.all(peers.map((peer) => peer.closed)), within(300)]);
      for (const peer of peers) peer.sayGoodbye("end");
    }
    await inTime(Promise.all(peers.map((peer) => peer.closed)), "a connection did not close");
    await until(
      () => server.activeRequests === 0 && server.openConnections === 0,
      () => {
        return `${server.activeRequests} requests and ${server.openConnections} connections are left`;
      },
    );
    application.requireEnded();
    if (closing === undefined) slowestProbe = Math.max(slowestProbe, await probe(open, false));
    await until(
      () => server.openConnections === 0,
      () => "the connection of a probe is left",
    );
    const figures = { begun: 0, answered: 0, slowestProbe };
    for (const [on, peer] of peers.entries()) {
      const expected = session.expected?.filter((expectation) => expectation.on === on);
      const { begun, answered } = judge(peer.traffic, { tokens, expected });
      figures.begun += begun;
      figures.answered += answered;
    }
    return figures;
  } finally {
    await inTime(closing ?? server.close(), "the server did not close");
  }
}

async function take(
  step: Exclude<Step, { do: "probe" | "close server" }>,
  peers: readonly Peer[],
): Promise<void> {
  if (step.do === "turns") {
    for (let count = 0; count < step.count; count += 1) await turn();
    return;
  }
  const peer = peers[step.on]!;
  switch (step.do) {
    case "send":
      peer.send(step.bytes);
      return;
    case "pause":
      peer.socket.pause();
      return;
    case "resume":
      peer.resume();
      return;
    default:
      peer.sayGoodbye(step.do);
  }
}

/** Asks for one page on a new connection and returns how long that took, in ms. Late ones get a second chance. */
async function probe(open: () => Peer, mayRefuse: boolean): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const started = performance.now();
    const peer = open();
    peer.send(get(1, "/hello", { keep: false }));
    await peer.answered(1);
    const took = performance.now() - started;
    const text = peer.traffic.received.toString("latin1");
    if (!text.includes("\r\n\r\nhello") && !mayRefuse)
      throw new Error(`a new connection was answered by ${text}`);
    peer.sayGoodbye("end");
    if (took <= PROBE_LIMIT) return took;
    // This process may have been kept from running.
    if (attempt === 3) throw new Error(`a new connection was served after ${took.toFixed()} ms`);
  }
}

interface Link {
  readonly socket: Duplex & { resetAndDestroy(): unknown };
  /** Whether the application has sent all that it wrote and closed its side; false where that cannot be seen. */
  finished(): boolean;
}

function connectTo(server: Server): Link {
  const { port } = server;
  if (port !== undefined) {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    return { socket, finished: () => false };
  }
  const [ours, theirs] = LinkEnd.pair();
  server.accept(theirs);
  return { socket: ours, finished: () => theirs.writableFinished };
}

/** The Web server's end of a connection. */
class Peer {
  readonly socket: Link["socket"];
  readonly #link: Link;
  readonly closed: Promise<void>;
  readonly #sent: Buffer[] = [];
  readonly #received: Buffer[] = [];
  #receivedBytes = 0;
  #ended = false;
  #leaving = false;
  #wake: (() => void) | undefined;

  constructor(link: Link) {
    const { socket } = link;
    this.#link = link;
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#receivedBytes += chunk.length;
      if (this.#receivedBytes > ENOUGH) socket.destroy();
      this.#wake?.();
    });
    socket.on("end", () => {
      this.#ended = !socket.destroyed;
      // As Web servers do that have lost their application.
      socket.end();
      this.#wake?.();
    });
    socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#wake?.();
        resolve();
      });
    });
  }

  get traffic() {
    return {
      sent: Buffer.concat(this.#sent),
      received: Buffer.concat(this.#received),
      // Whoever is given up with output unsent sees it cut.
      cleanEnd: this.#ended && this.#link.finished(),
    };
  }

  send(bytes: Buffer): void {
    if (this.#leaving || !this.socket.writable) return;
    this.#sent.push(bytes);
    this.socket.write(bytes);
  }

  resume(): void {
    this.socket.resume();
  }

  sayGoodbye(way: "end" | "destroy" | "reset" | "wait"): void {
    if (way === "wait") return;
    this.#leaving = true;
    this.socket.resume();
    if (way === "end") this.socket.end();
    else if (way === "destroy") this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  /** Resolves when so many requests were answered, or the connection is closed. */
  async answered(count: number): Promise<void> {
    const answered = async (): Promise<void> => {
      while (!this.#ended && !this.socket.destroyed && answeredIn(Buffer.concat(this.#received)) < count) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    };
    await inTime(answered(), `${count} requests were not answered in time`);
  }
}

/** Notes every exchange on its way to the application. */
class WatchedApplication implements Application {
  readonly #application: Dispatcher;
  readonly #hurried: boolean;
  readonly #exchanges = new Set<Exchange>();
  readonly #dispatched = new WeakSet<Exchange>();

  constructor(application: Dispatcher, hurried: boolean) {
    this.#application = application;
    this.#hurried = hurried;
  }

  inputs(role: number): RoleInputs | undefined {
    return this.#application.inputs(role);
  }

  dispatch(exchange: Exchange): void {
    if (this.#dispatched.has(exchange)) throw new Error("a request was dispatched twice");
    if (exchange.ended) throw new Error("a request was dispatched behind its end");
    this.#dispatched.add(exchange);
    this.#exchanges.add(exchange);
    this.#application.dispatch(exchange);
  }

  refuse(exchange: Exchange, refusal: Refusal): void {
    this.#exchanges.add(exchange);
    this.#application.refuse(exchange, refusal);
  }

  timeLimit(): number {
    return this.#hurried ? 20 : 60_000;
  }

  aborted(exchange: Exchange, reason: AbortedError): void {
    this.#exchanges.add(exchange);
    this.#application.aborted(exchange, reason);
  }

  requireEnded(): void {
    for (const { ended, id } of this.#exchanges) if (!ended) throw new Error(`request ${id} was not ended`);
  }
}

function within(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function inTime<T>(promise: Promise<T>, fact: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(fact)), END_LIMIT);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function until(condition: () => boolean, fact: () => string): Promise<void> {
  const started = performance.now();
  while (!condition()) {
    if (performance.now() - started > END_LIMIT) throw new Error(fact());
    await turn();
  }
}
