import type { SocketHandle } from "../server/accepted-socket.js";
import type { MessageToWorker, TransferToMaster } from "./channel.js";

/** A worker as the master's part of the hand-over sees it. */
export interface TransferEnd {
  readonly pid: number;
  /** Counts the reloads before its start; -1 for a worker of another master. */
  readonly generation: number;
  /** What comes to it, as far as it is known: requests a second, and connections. */
  load: number;
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

/**
 * Chooses the worker that a connection goes to; undefined if there is none.
 *
 * @param rate requests a second that it brings; undefined for a new one
 */
export type ReceiverFor<W> = (sender: W, rate: number | undefined) => W | undefined;

/** The hand-over in the master, which passes connections on and keeps none. */
export class MasterTransfers<W extends TransferEnd> {
  readonly #transfers = new Map<number, Transfer<W>>();
  readonly #receiverFor: ReceiverFor<W>;
  #lastId = 0;

  constructor(receiverFor: ReceiverFor<W>) {
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
    if (!isSender && receiver !== from) return;
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
    { id: senderId, unread, rate }: TransferToMaster & { readonly kind: "connection" },
    handle: SocketHandle | undefined,
  ): void {
    const receiver = this.#receiverFor(sender, rate);
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
    receiver.send({ kind: "connection", id, unread, rate }, handle, forget);
  }

  #sentBy(sender: W, senderId: number): [number, Transfer<W>] | [undefined, undefined] {
    for (const [id, transfer] of this.#transfers)
      if (transfer.sender === sender && transfer.senderId === senderId) return [id, transfer];
    return [undefined, undefined];
  }
}
