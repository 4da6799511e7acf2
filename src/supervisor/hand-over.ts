import { fstatSync, readdirSync, readlinkSync } from "node:fs";

import { isRunning } from "../process/is-running.js";
import type { SocketHandle } from "../server/accepted-socket.js";
import type { OfferedConnection } from "../server/hand-over.js";
import type { Server } from "../server/server.js";
import type { Channel, MessageToMaster, MessageToWorker } from "./channel.js";

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
 * The sender takes the connection back when the receiver declines it or ends, when no answer comes in time, and when the
 * master ends before `accepted`. The receiver forgets it when the master ends before `released`. If the master ends between the
 * two, the sender looks whether the receiver still has it.
 */

/** How long a sender waits for `accepted`; ms. */
const ACCEPT_LIMIT = 1_000;
/** When a sender looks whether the receiver has kept a connection after the end of the master; ms. */
const LOOK_AFTER = 500;

/** The messages about connections that a worker gets. */
export type TransferToWorker = Extract<
  MessageToWorker,
  { kind: "connection" | "accepted" | "released" | "reading" | "declined" | "withdrawn" }
>;

/** The messages about connections that the master gets. */
export type TransferToMaster = Extract<
  MessageToMaster,
  { kind: "connection" | "accepted" | "released" | "reading" | "declined" | "withdrawn" }
>;

interface Sending {
  readonly connection: OfferedConnection;
  readonly settle: (isTaken: boolean) => void;
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
  readonly offer = (connection: OfferedConnection, settle: (isTaken: boolean) => void): void => {
    if (!this.#channel.isOpen) {
      setImmediate(settle, false);
      return;
    }
    const id = (this.#lastId += 1);
    const timer = setTimeout(() => {
      // At once: if this process ends before it hears of an acceptance, the receiver must not read what was answered here.
      this.#channel.send({ kind: "withdrawn", id });
      this.#end(id, "not taken");
    }, ACCEPT_LIMIT);
    this.#sending.set(id, { connection, settle, timer, by: undefined });
    const unread = connection.unread.toString("base64");
    this.#channel.send({ kind: "connection", id, unread }, connection.handle);
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
        this.#end(id, "not taken");
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
      if (by === undefined) this.#end(id, "not taken");
      else
        setTimeout(() => this.#end(id, isHeldBy(by, connection.handle) ? "taken" : "not taken"), LOOK_AFTER);
    }
  }

  #adopt(
    { id, unread }: { readonly id: number; readonly unread: string },
    handle: SocketHandle | undefined,
  ): void {
    const connection = handle && this.#server.adopt({ handle, unread: Buffer.from(unread, "base64") });
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

  #end(id: number, how: "taken" | "not taken"): void {
    const sending = this.#sending.get(id);
    if (sending === undefined) return;
    this.#sending.delete(id);
    clearTimeout(sending.timer);
    sending.settle(how === "taken");
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

/** A worker as the master's part of the hand-over sees it. */
export interface TransferEnd {
  readonly pid: number;
  send(message: MessageToWorker, handle?: SocketHandle, sent?: () => void): void;
}

interface Transfer<W> {
  readonly sender: W;
  /** The number that the sender gave it. */
  readonly senderId: number;
  readonly receiver: W;
  /** Closes the master's copy of the socket, once. */
  readonly forget: () => void;
}

/** The hand-over in the master, which passes connections on and keeps none. */
export class MasterTransfers<W extends TransferEnd> {
  readonly #transfers = new Map<number, Transfer<W>>();
  readonly #receiverFor: (sender: W) => W | undefined;
  #lastId = 0;

  /** @param receiverFor chooses the worker that a connection goes to; undefined if there is none */
  constructor(receiverFor: (sender: W) => W | undefined) {
    this.#receiverFor = receiverFor;
  }

  /** Handles a message of a worker. */
  receive(from: W, message: TransferToMaster, handle: SocketHandle | undefined): void {
    if (message.kind === "connection") {
      this.#pass(from, message, handle);
      return;
    }
    const isSender = message.kind === "released" || message.kind === "withdrawn";
    const [id, transfer] = isSender
      ? this.#sentBy(from, message.id)
      : [message.id, this.#transfers.get(message.id)];
    if (id === undefined || transfer === undefined) return;
    const { sender, senderId, receiver } = transfer;
    switch (message.kind) {
      case "accepted":
        sender.send({ kind: "accepted", id: senderId, by: receiver.pid });
        return;
      case "released":
        receiver.send({ kind: "released", id });
        return;
      case "withdrawn":
        receiver.send({ kind: "withdrawn", id });
        break;
      case "reading":
      case "declined":
        sender.send({ kind: message.kind, id: senderId });
        break;
      default:
        message satisfies never;
    }
    this.#transfers.delete(id);
  }

  /** Whether connections of a worker are on their way. */
  isSending(worker: W): boolean {
    return [...this.#transfers.values()].some(({ sender }) => sender === worker);
  }

  /** A worker has ended. What it sent its receiver may read; what it was to receive its sender goes on with. */
  ended(worker: W): void {
    for (const [id, { sender, senderId, receiver, forget }] of this.#transfers) {
      if (sender === worker) receiver.send({ kind: "released", id });
      else if (receiver === worker) sender.send({ kind: "declined", id: senderId });
      if (receiver === worker) this.#transfers.delete(id);
      if (receiver === worker) forget();
    }
  }

  #pass(
    sender: W,
    { id: senderId, unread }: { readonly id: number; readonly unread: string },
    handle: SocketHandle | undefined,
  ): void {
    const receiver = this.#receiverFor(sender);
    if (handle === undefined || receiver === undefined) {
      handle?.close();
      sender.send({ kind: "declined", id: senderId });
      return;
    }
    const id = (this.#lastId += 1);
    let isOpen = true;
    const forget = (): void => {
      if (isOpen) handle.close();
      isOpen = false;
    };
    this.#transfers.set(id, { sender, senderId, receiver, forget });
    receiver.send({ kind: "connection", id, unread }, handle, forget);
  }

  #sentBy(sender: W, senderId: number): [number, Transfer<W>] | [undefined, undefined] {
    for (const [id, transfer] of this.#transfers)
      if (transfer.sender === sender && transfer.senderId === senderId) return [id, transfer];
    return [undefined, undefined];
  }
}
