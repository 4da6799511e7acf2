import { readdirSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";

import { parseAddress } from "../protocol/address.js";
import type { SocketFile } from "../server/socket-file.js";
import { removeStaleSocket } from "../server/stale-socket.js";
import { bindSocket } from "../server/unix-socket.js";
import { makeControlFolder } from "./control-folder.js";
import {
  formatLine,
  MAX_REQUEST_BYTES,
  parseRequest,
  type ControlAnswer,
  type ControlRequest,
} from "./control-protocol.js";

/** Only the master's user, and root, may write to it. */
const SOCKET_MODE = 0o600;
/** Connections at once. */
const MAX_CONNECTIONS = 32;
/** How long a client may take to send its request, and to take the answer; ms. */
const CLIENT_TIME = 5_000;
const LINE_FEED = 0x0a;
/** The name of a socket by default; others may belong to other programs. */
const DEFAULT_NAME = /^\d+\.sock$/;

/** Answers a request; rejects only by a fault of our own. */
export type ControlAnswerer = (request: ControlRequest) => Promise<ControlAnswer>;

/**
 * The socket over which a master is asked for its status, a reload or its end: a unix socket in a folder that only its user may
 * enter, never TCP. A connection carries one request.
 */
export class ControlSocket {
  readonly path: string;
  readonly #server: Server;
  readonly #answer: ControlAnswerer;
  readonly #clientTime: number;
  readonly #open = new Set<Socket>();
  #file: SocketFile | undefined;
  #closed: Promise<void> | undefined;

  constructor(path: string, answer: ControlAnswerer, { clientTime = CLIENT_TIME } = {}) {
    this.path = path;
    this.#clientTime = clientTime;
    this.#answer = answer;
    // The client ends its side after the request.
    this.#server = createServer({ allowHalfOpen: true }, this.#accept);
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /**
   * Listens. Creates the folder unless it exists, and removes from it the sockets of masters that are gone.
   *
   * @throws ConfigurationError `ERR_CONTROL_FOLDER` if others may enter the folder, `ERR_ADDRESS_IN_USE` if another master has
   * the socket, `ERR_ADDRESS` if its path is too long
   */
  async open(): Promise<void> {
    // A longer path would be cut.
    parseAddress({ path: this.path });
    const folder = dirname(this.path);
    makeControlFolder(folder, process.getuid?.() ?? 0);
    // A master that was killed has left its own.
    for (const name of readdirSync(folder).filter((name) => DEFAULT_NAME.test(name))) {
      await removeStaleSocket(join(folder, name)).catch(() => {});
    }
    this.#file = await bindSocket(this.#server, this.path, { mode: SOCKET_MODE });
  }

  /** Removes the socket, and accepts no more connections. */
  hide(): void {
    this.#file?.remove();
    this.#file = undefined;
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** Removes the socket, and closes every connection. */
  async close(): Promise<void> {
    this.hide();
    for (const socket of this.#open) socket.destroy();
    await this.#closed;
  }

  readonly #accept = (socket: Socket): void => {
    this.#open.add(socket);
    let received = Buffer.alloc(0);
    socket.setTimeout(this.#clientTime, () => socket.destroy());
    socket.on("close", () => this.#open.delete(socket));
    // A client that has left needs no answer.
    socket.on("error", () => {});
    socket.on("end", () => {
      if (!received.includes(LINE_FEED)) socket.destroy();
    });
    const read = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf(LINE_FEED);
      if (end < 0 && received.length <= MAX_REQUEST_BYTES) return;
      socket.off("data", read);
      socket.resume();
      // It may wait as long as a reload takes.
      socket.setTimeout(0);
      const isShort = end >= 0 && end <= MAX_REQUEST_BYTES;
      void this.#reply(socket, isShort ? received.toString("utf8", 0, end) : undefined);
    };
    socket.on("data", read);
  };

  async #reply(socket: Socket, line: string | undefined): Promise<void> {
    const request =
      line === undefined
        ? { command: undefined, fact: `the request is longer than ${MAX_REQUEST_BYTES} bytes` }
        : parseRequest(line);
    const answer: ControlAnswer =
      request.command === undefined
        ? { kind: "refused", fact: request.fact }
        : await this.#answer(request).catch((error: unknown) => ({ kind: "refused", fact: String(error) }));
    if (socket.destroyed) return;
    // A master that stops keeps the connection until it is gone: its end is the news.
    if (answer.kind === "stopping") {
      socket.write(formatLine(answer));
      return;
    }
    // Otherwise a client that does not read would keep one of the connections for ever.
    socket.setTimeout(this.#clientTime);
    socket.end(formatLine(answer));
  }
}
