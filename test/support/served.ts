import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino, { type Logger } from "pino";
import { onTestFinished } from "vitest";

import { openDispatcher } from "../../src/bridges/open-dispatcher.js";
import type { ListenerOptions } from "../../src/bridges/bridge-options.js";
import type { Definition } from "../../src/roles/definitions.js";
import { Roles, type RolesOptions } from "../../src/roles/roles.js";
import { Server, type ServerOptions } from "../../src/server/server.js";
import { WebServerPeer } from "./web-server-peer.js";

export { responder } from "./routes.js";

/** A line of the log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly code?: string;
  readonly err?: { readonly type: string; readonly message: string };
  readonly [more: string]: unknown;
}

/** A logger that keeps its lines. */
export function capturedLog(): { readonly log: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log = pino(
    { level: "debug" },
    { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) },
  );
  return { log, lines };
}

export interface ServedOptions {
  readonly over?: "tcp" | "unix" | "scgi" | "scgi unix";
  readonly server?: Partial<ServerOptions>;
  readonly dispatcher?: Partial<RolesOptions>;
  readonly listener?: ListenerOptions;
}

/** An application that listens until the test ends. */
export interface Served {
  readonly server: Server;
  readonly address: string;
  readonly log: readonly LogLine[];
  connect(): Promise<WebServerPeer>;
}

function addressFor(over: NonNullable<ServedOptions["over"]>): string {
  const place = over.endsWith("unix") ? join(temporaryFolder(), "app.sock") : "127.0.0.1:0";
  return over.startsWith("scgi") ? `scgi:${place}` : place;
}

/** Serves definitions on a free port or a new unix socket. */
export async function serveDefinitions(
  definitions: readonly Definition[],
  { over = "tcp", server: serverOptions, dispatcher, listener }: ServedOptions = {},
): Promise<Served> {
  const { log, lines } = capturedLog();
  const roles = new Roles(definitions, { log, ...dispatcher });
  const application = await openDispatcher(roles, listener);
  const server = new Server(application, {
    log,
    ...serverOptions,
    timeouts: { shutdown: 0, abortGrace: 100, drain: 2_000, ...serverOptions?.timeouts },
  });
  await server.listen(addressFor(over));
  onTestFinished(() => server.close());
  return {
    server,
    address: server.address,
    log: lines,
    connect: () => WebServerPeer.connect(server.address),
  };
}

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A promise and the hands that settle it. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((one, other) => {
    resolve = one;
    reject = other;
  });
  return { promise, resolve, reject };
}

/** Lets everything run that is due: sockets, timers of 0, promises. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
