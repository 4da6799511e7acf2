import pino from "pino";

import { openDispatcher } from "../../../src/bridges/open-dispatcher.js";
import type { AbortedError } from "../../../src/errors.js";
import type { Application, Refusal, RoleInputs } from "../../../src/protocol/application-side/application.js";
import type { Exchange } from "../../../src/protocol/application-side/exchange.js";
import type { Dispatcher } from "../../../src/roles/dispatcher.js";
import { Roles } from "../../../src/roles/roles.js";
import { Server } from "../../../src/server/server.js";
import { drive, type SessionFigures, type Target } from "./drive.js";
import { definitions } from "./handlers.js";
import { LinkEnd } from "./link.js";
import { connectTo, type Link } from "./peer.js";
import type { Session } from "./session.js";
import { inTime, until } from "./time.js";

/** How connections are made. */
export type Over = "memory" | "tcp";

/** Limits that sessions reach. */
const limits = {
  requestsPerConnection: 8,
  requests: 20,
  paramsBytes: 64 * 1024,
  paramsCount: 50,
  bufferedPerRequest: 32 * 1024,
};

/** Time limits where handlers hang, and where they do not; ms. */
const HURRIED = 20;
const PATIENT = 60_000;

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
  const time = session.hurried ? HURRIED : PATIENT;
  const application = new WatchedApplication(
    await openDispatcher(new Roles(definitions({ issueToken }), { log })),
    time,
  );
  // Whoever does everything right may be slow to read.
  const drain = session.expected === undefined ? 200 : 5_000;
  const timeouts = { params: time, body: time, abortGrace: 20, halfClosed: 20, drain, shutdown: 20 };
  const server = new Server(application, { log, limits, timeouts });
  if (over === "tcp") await server.listen("127.0.0.1:0");
  let closing: Promise<void> | undefined;
  const target: Target = {
    tokens,
    probeLimit: 100,
    open: () => linkTo(server),
    full: () => server.activeRequests >= limits.requests - 1,
    close: () => {
      closing ??= server.close();
    },
    get closing() {
      return closing !== undefined;
    },
    settled: async () => {
      await requireEmpty(server);
      application.requireEnded();
    },
  };
  try {
    const figures = await drive(session, target);
    await requireEmpty(server);
    return figures;
  } finally {
    await inTime(closing ?? server.close(), "the server did not close");
  }
}

async function requireEmpty(server: Server): Promise<void> {
  await until(
    () => server.activeRequests === 0 && server.openConnections === 0,
    () => `${server.activeRequests} requests and ${server.openConnections} connections are left`,
  );
}

function linkTo(server: Server): Link {
  if (server.port !== undefined) return connectTo(server.port);
  const [ours, theirs] = LinkEnd.pair();
  server.accept(theirs);
  return { socket: ours, finished: () => theirs.writableFinished };
}

/** Notes every exchange on its way to the application. */
class WatchedApplication implements Application {
  readonly #application: Dispatcher;
  readonly #time: number;
  readonly #exchanges = new Set<Exchange>();
  readonly #dispatched = new WeakSet<Exchange>();

  constructor(application: Dispatcher, time: number) {
    this.#application = application;
    this.#time = time;
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
    return this.#time;
  }

  aborted(exchange: Exchange, reason: AbortedError): void {
    this.#exchanges.add(exchange);
    this.#application.aborted(exchange, reason);
  }

  requireEnded(): void {
    for (const { ended, id } of this.#exchanges) if (!ended) throw new Error(`request ${id} was not ended`);
  }
}
