import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";

import type { SocketHandle } from "../server/accepted-socket.js";
import { attachChannel } from "./attach-channel.js";
import { Channel, type MessageToWorker, type TransferToMaster } from "./channel.js";
import type { TransferEnd } from "./master-transfers.js";
import { isThere, orphansAt } from "./orphans.js";
import { parseMessageToMaster } from "./parse-message.js";
import type { ObservedRequestsReport } from "./request-counter.js";

/** How long the first orphan may take to come; ms. They look for a master four times a second. */
const FIRST_LIMIT = 3_000;
/** How long each of the others may take, and how often those that do not come are looked for; ms. */
const NEXT_LIMIT = 1_000;

/** How long an orphan hands over before it is the turn of the next one, while its own requests still run; ms. */
const TURN = 2_000;
/** How often it is checked whether an orphan is gone; ms. */
const CHECK = 50;

/** What passes the connections of orphans on. */
export interface OrphanHost {
  /** Receives what an orphan sends of its connections. */
  received(orphan: TransferEnd, message: TransferToMaster, handle?: SocketHandle): void;
  /** Whether connections of an orphan are on their way. */
  isSending(orphan: TransferEnd): boolean;
  /** An orphan has ended. */
  ended(orphan: TransferEnd): void;
  /** An orphan has counted requests that no master knows of. */
  observed(orphan: Orphan, report: ObservedRequestsReport): void;
}

/** A worker of a dead master. */
class Orphan implements TransferEnd {
  readonly pid: number;
  readonly generation = -1;
  load = 0;
  readonly #channel: Channel<MessageToWorker>;
  readonly ended: Promise<unknown>;
  host: OrphanHost | undefined;

  private constructor(pid: number, channel: Channel<MessageToWorker>) {
    this.pid = pid;
    this.#channel = channel;
    this.ended = once(process, "disconnect");
  }

  /** Gets to know an orphan, and its listening sockets in their order; none if it is leaving. */
  static meet(
    socket: Socket,
  ): Promise<{ readonly orphan: Orphan; readonly sockets: readonly SocketHandle[] }> {
    return new Promise((resolve) => {
      const sockets: SocketHandle[] = [];
      let orphan: Orphan | undefined;
      attachChannel(socket);
      const channel = new Channel<MessageToWorker>(process, (body, handle) => {
        const message = parseMessageToMaster(body);
        if (message === undefined || "fact" in message) return;
        switch (message.kind) {
          case "socket":
            if (handle !== undefined) sockets.push(handle);
            return;
          case "orphan":
            orphan = new Orphan(message.pid, channel);
            resolve({ orphan, sockets });
            return;
          case "empty":
            channel.send({ kind: "stop" });
            return;
          case "observed":
            orphan?.host?.observed(orphan, message.observed);
            return;
          case "connection":
          case "accepted":
          case "declined":
          case "released":
          case "reading":
          case "withdrawn":
            if (orphan !== undefined) orphan.host?.received(orphan, message, handle);
            return;
          default:
        }
      });
    });
  }

  send(message: MessageToWorker, handle?: SocketHandle, sent?: () => void): void {
    this.#channel.send(message, handle, sent);
  }
}

/**
 * Takes over from a master that has died: gets its listening sockets from its workers, which serve on without it, and later their
 * connections, one worker after another.
 */
export class Takeover {
  readonly #path: string;
  readonly #log: Logger;
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  #first: Orphan | undefined;
  #isStopping = false;
  /** The listening sockets, in the order of their addresses. */
  sockets: readonly SocketHandle[] = [];

  private constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      this.#waiting.push(socket);
      this.#server.emit("orphan");
    });
  }

  /** Begins if workers of a dead master wait at this meeting point; undefined if there are none, or none comes. */
  static async begin(path: string, log: Logger): Promise<Takeover | undefined> {
    const orphans = orphansAt(path);
    if (orphans.length === 0) return undefined;
    if (process.connected) {
      log.warn("Cannot take over from a dead master: this process has a channel to its parent");
      return undefined;
    }
    log.info({ workers: orphans }, "Taking over from a dead master");
    const takeover = new Takeover(path, log);
    await takeover.#open();
    for (let tries = 0; tries < orphans.length; tries += 1) {
      const socket = await takeover.#next(FIRST_LIMIT);
      if (socket === undefined) break;
      const { orphan, sockets } = await Orphan.meet(socket);
      if (sockets.length > 0) {
        takeover.#first = orphan;
        takeover.sockets = sockets;
        return takeover;
      }
      // It is leaving and does not listen. It comes again.
      if (process.connected) process.disconnect();
      await orphan.ended;
    }
    takeover.#close();
    return undefined;
  }

  /** Has each orphan hand its connections over and end, when there are workers that take them. */
  async finish(host: OrphanHost): Promise<void> {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) await this.#dismiss(first, host);
    while (orphansAt(this.#path).length > 0 && !this.#isStopping) {
      const socket = await this.#next(NEXT_LIMIT);
      if (socket === undefined) continue;
      const { orphan, sockets } = await Orphan.meet(socket);
      // Those of the first one are the same.
      for (const handle of sockets) handle.close();
      await this.#dismiss(orphan, host);
    }
    this.#close();
    this.#log.info("Took over from a dead master");
  }

  /** Asks the orphans to end without a hand-over. */
  stop(): void {
    this.#isStopping = true;
    // An orphan that has just ended has closed the channel itself.
    if (process.connected) process.disconnect();
    for (const pid of orphansAt(this.#path)) process.kill(pid, "SIGTERM");
  }

  /** Has an orphan hand over what is idle. It comes again if it has not ended in its turn. */
  async #dismiss(orphan: Orphan, host: OrphanHost): Promise<void> {
    orphan.host = host;
    orphan.send({ kind: "leave" });
    const end = performance.now() + TURN;
    while (isThere(orphan.pid) && (performance.now() < end || host.isSending(orphan))) await delay(CHECK);
    if (!isThere(orphan.pid)) host.ended(orphan);
    else if (process.connected) process.disconnect();
    await orphan.ended;
  }

  async #open(): Promise<void> {
    rmSync(this.#path, { force: true });
    this.#server.listen(this.#path);
    await once(this.#server, "listening");
  }

  /** The next orphan that has come; undefined if none comes in time. */
  async #next(limit: number): Promise<Socket | undefined> {
    if (this.#waiting.length === 0) {
      const signal = AbortSignal.timeout(limit);
      await once(this.#server, "orphan", { signal }).catch(() => {});
    }
    return this.#waiting.shift();
  }

  #close(): void {
    for (const socket of this.#waiting) socket.destroy();
    this.#server.close();
  }
}
