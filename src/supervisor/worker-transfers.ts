import { fstatSync, readdirSync, readlinkSync } from "node:fs";

import { isRunning } from "../process/is-running.js";
import type { SocketHandle } from "../server/accepted-socket.js";
import type { OfferEnd, OfferedConnection } from "../server/hand-over.js";
import type { Server } from "../server/server.js";
import type { Channel, MessageToMaster, MessageToWorker, TransferToWorker } from "./channel.js";

/*
 * A connection goes from its sender by the master to its receiver. No process reads it from `connection` to `reading`:
 *
 *   sender                    master                    receiver
 *     │ connection + handle      │ connection + handle      │
 *     │ ───────────────────────> │ ───────────────────────> │ keeps it, unread
 *     │                 accepted │                 accepted │
 *     │ <─────────────────────── │ <─────────────────────── │
 *     │ released                 │ released                 │
 *     │ ───────────────────────> │ ───────────────────────> │ reads it
 *     │                  reading │                  reading │
 *     │ <─────────────────────── │ <─────────────────────── │
 *     closes its copy
 *
 * The sender takes the connection back when the receiver declines it or ends, and when the master ends before `accepted`. When no
 * answer comes in time, it withdraws the offer; while it leaves, it makes it again and does not read the connection meanwhile. The receiver forgets it when the master ends before `released`. If the master ends between the
 * two, the sender looks whether the receiver still has it.
 */

/** How long a sender waits for `accepted`; ms. */
const ACCEPT_LIMIT = 1_000;
/** When a sender looks whether the receiver has kept a connection after the end of the master; ms. */
const LOOK_AFTER = 500;

interface Sending {
  readonly connection: OfferedConnection;
  readonly settle: (end: OfferEnd) => void;
  readonly timer: NodeJS.Timeout;
  /** The process that has accepted it. */
  by: number | undefined;
}

interface Receiving {
  read(): void;
  forget(): void;
}

/** The hand-over in a worker, which sends connections and receives others. */
export class WorkerTransfers {
  readonly #server: Server;
  readonly #channel: Channel<MessageToMaster, MessageToWorker>;
  readonly #sending = new Map<number, Sending>();
  readonly #receiving = new Map<number, Receiving>();
  #lastId = 0;

  constructor(server: Server, channel: Channel<MessageToMaster, MessageToWorker>) {
    this.#server = server;
    this.#channel = channel;
  }

  /** Offers a connection to the other workers. */
  readonly offer = (connection: OfferedConnection, settle: (end: OfferEnd) => void): void => {
    if (!this.#channel.isOpen) {
      setImmediate(settle, "declined");
      return;
    }
    const id = (this.#lastId += 1);
    const timer = setTimeout(() => {
      // At once: if this process ends before it hears of an acceptance, the receiver must not read what was answered here.
      this.#channel.send({ kind: "withdrawn", id });
      this.#end(id, "late");
    }, ACCEPT_LIMIT);
    this.#sending.set(id, { connection, settle, timer, by: undefined });
    const { unread, rate, handle } = connection;
    this.#channel.send({ kind: "connection", id, unread: unread.toString("base64"), rate }, handle);
  };

  /** Handles a message. */
  receive(message: TransferToWorker, handle: SocketHandle | undefined): void {
    const { id } = message;
    switch (message.kind) {
      case "connection":
        this.#adopt(message, handle);
        return;
      case "accepted":
        this.#release(id, message.by);
        return;
      case "released": {
        const connection = this.#receiving.get(id);
        this.#receiving.delete(id);
        // Before the first read: if this process ends in between, its sender still knows that nothing was read.
        this.#channel.send({ kind: connection === undefined ? "declined" : "reading", id });
        connection?.read();
        return;
      }
      case "reading":
        this.#end(id, "taken");
        return;
      case "declined":
        this.#end(id, "declined");
        return;
      case "withdrawn":
        this.#receiving.get(id)?.forget();
        this.#receiving.delete(id);
        return;
      default:
        message satisfies never;
    }
  }

  /** The master is gone. */
  disconnected(): void {
    for (const connection of this.#receiving.values()) connection.forget();
    this.#receiving.clear();
    for (const [id, { connection, by }] of this.#sending) {
      if (by === undefined) this.#end(id, "declined");
      else
        setTimeout(() => this.#end(id, isHeldBy(by, connection.handle) ? "taken" : "declined"), LOOK_AFTER);
    }
  }

  #adopt(
    { id, unread, rate }: TransferToWorker & { readonly kind: "connection" },
    handle: SocketHandle | undefined,
  ): void {
    const connection = handle && this.#server.adopt({ handle, unread: Buffer.from(unread, "base64"), rate });
    if (connection !== undefined) this.#receiving.set(id, connection);
    else handle?.close();
    this.#channel.send({ kind: connection === undefined ? "declined" : "accepted", id });
  }

  #release(id: number, by: number): void {
    const sending = this.#sending.get(id);
    // Withdrawn meanwhile.
    if (sending === undefined) return;
    clearTimeout(sending.timer);
    sending.by = by;
    this.#channel.send({ kind: "released", id });
  }

  #end(id: number, how: OfferEnd): void {
    const sending = this.#sending.get(id);
    if (sending === undefined) return;
    this.#sending.delete(id);
    clearTimeout(sending.timer);
    sending.settle(how);
  }
}

/**
 * Whether another process has the socket open. If its descriptors cannot be read, as those of a process that was root, it counts
 * as having it if it runs: a connection that is lost is better than one that two processes read.
 */
function isHeldBy(pid: number, { fd }: SocketHandle): boolean {
  const link = `socket:[${fstatSync(fd).ino}]`;
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => linkAt(`${folder}/${name}`) === link);
  } catch {
    return isRunning(pid);
  }
}

/** What a link names; undefined if it is gone, as of a descriptor that was closed meanwhile. */
function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
