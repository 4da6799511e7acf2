import type { SocketHandle } from "../server/accepted-socket.js";
import type { Gift } from "../server/giving.js";
import type { SocketAccess } from "../server/socket-access.js";
import type { ObservedRequestsReport } from "./request-counter.js";
import type { WorkerFailure, WorkerStatistics } from "./reports.js";

/**
 * The `cmd` of our messages. Node.js emits a message whose `cmd` begins with NODE_ as `internalMessage`, as node:cluster does for
 * its own: so `process.on("message")` and `process.send` are the program's, and its listeners never get ours.
 */
const COMMAND = "NODE_TRICORN";

/**
 * A message from the master to a worker. A connection on its way has a number: its sender's in messages to and from the sender,
 * the master's in those to and from its receiver.
 */
export type MessageToWorker =
  /** Listens, and answers `ready`. */
  | { readonly kind: "listen" }
  /** Accepts no more, answers `stopped`, hands each connection over that has no request, and at last answers `empty`. */
  | { readonly kind: "leave" }
  /** Gives a part of its load to other workers, and stays; replaces what it gave before. */
  | ({ readonly kind: "give" } & Gift)
  /** With a handle: a connection to adopt. The worker answers `accepted` or `declined`, and does not read it yet. */
  | ConnectionMessage
  /** The receiver of a connection has it: the sender must not read it again, and answers `released`. */
  | { readonly kind: "accepted"; readonly id: number; readonly by: number }
  /** The sender has released it: the receiver reads it, and answers `reading`. */
  | { readonly kind: "released"; readonly id: number }
  /** The receiver reads it: the sender closes its copy. */
  | { readonly kind: "reading"; readonly id: number }
  /** No worker has it: the sender goes on with it. */
  | { readonly kind: "declined"; readonly id: number }
  /** Its sender goes on with it: the receiver forgets it. */
  | { readonly kind: "withdrawn"; readonly id: number }
  /** Finishes its requests, closes its connections, and ends: as SIGTERM, but never a second one. */
  | { readonly kind: "stop" }
  /** Answers with its statistics; its active requests are included if `active` is true. */
  | { readonly kind: "report"; readonly id: number; readonly active: boolean };

/** A message from a worker to the master. */
export type MessageToMaster =
  /** The program was loaded and its start hooks have run. */
  | {
      readonly kind: "prepared";
      /** Who may connect to the unix sockets, as the program says. */
      readonly access: SocketAccess;
      /** How long active requests may take after `leave`; ms. */
      readonly shutdown: number;
    }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly failure: WorkerFailure }
  /** It was not asked to, but is leaving: because of a signal, or of an uncaught error. */
  | { readonly kind: "leaving" }
  | { readonly kind: "stopped" }
  | { readonly kind: "empty" }
  /** With a handle: a connection for another worker. */
  | ConnectionMessage
  | { readonly kind: "accepted"; readonly id: number }
  | { readonly kind: "declined"; readonly id: number }
  | { readonly kind: "released"; readonly id: number }
  | { readonly kind: "reading"; readonly id: number }
  | { readonly kind: "withdrawn"; readonly id: number }
  /** To the next master, with a handle: a listening socket. */
  | { readonly kind: "socket" }
  /** To the next master, after all sockets: the worker of a dead master. */
  | { readonly kind: "orphan"; readonly pid: number }
  | {
      readonly kind: "report";
      readonly id: number;
      readonly statistics: WorkerStatistics;
      /** What comes to it: requests a second, and connections. */
      readonly load: number;
      /** What it has counted since it last said so; undefined if it does not count. */
      readonly observed?: ObservedRequestsReport | undefined;
    }
  /** The same, before it ends: no report follows. */
  | { readonly kind: "observed"; readonly observed: ObservedRequestsReport };

interface ConnectionMessage {
  readonly kind: "connection";
  readonly id: number;
  /** The base64 of what was read and not used. */
  readonly unread: string;
  /** Requests a second that it brings; absent for a new one. */
  readonly rate?: number | undefined;
}

type TransferKind = "connection" | "accepted" | "released" | "reading" | "declined" | "withdrawn";

/** The messages about connections that a worker gets. */
export type TransferToWorker = Extract<MessageToWorker, { readonly kind: TransferKind }>;

/** The messages about connections that the master gets. */
export type TransferToMaster = Extract<MessageToMaster, { readonly kind: TransferKind }>;

/** What a channel is made of: `process` in a worker, a ChildProcess in the master. */
interface ChannelEnd {
  readonly connected?: boolean;
  send?(message: object, handle: undefined, options: object, sent: () => void): boolean;
}

/** Our messages on the channel between master and worker; of `Received` only the parent of a process may be believed. */
export class Channel<Sent extends { readonly kind: string }, Received = unknown> {
  readonly #end: ChannelEnd & NodeJS.EventEmitter;
  readonly #received: (message: Received, handle: SocketHandle | undefined) => void;

  /** @param received gets each message of the other side, with its handle if it has one */
  constructor(
    end: ChannelEnd & NodeJS.EventEmitter,
    received: (message: Received, handle: SocketHandle | undefined) => void,
  ) {
    this.#end = end;
    this.#received = received;
    this.listen();
  }

  /** Listens again, on a channel that has replaced one that was lost. */
  listen(): void {
    this.#end.on(
      "internalMessage",
      (message: { readonly cmd?: unknown; readonly body?: unknown }, handle) => {
        if (message.cmd === COMMAND && isMessage(message.body))
          this.#received(message.body as Received, handle as SocketHandle | undefined);
      },
    );
  }

  /** Whether the other side is there. */
  get isOpen(): boolean {
    return this.#end.connected === true;
  }

  /**
   * Sends a message, with a handle or without. The handle stays open in this process. A channel whose other side is gone drops it.
   *
   * @param sent called when the message has left or was dropped; not if the other side ends meanwhile
   */
  send(message: Sent, handle?: SocketHandle, sent: () => void = nothing): void {
    if (!this.isOpen) {
      sent();
      return;
    }
    // As a raw handle: a net.Socket would be read as soon as it arrives. Its type is not public.
    this.#end.send?.({ cmd: COMMAND, body: message }, handle as undefined, {}, sent);
  }
}

/** The code of a child can send anything. */
function isMessage(body: unknown): boolean {
  return typeof (body as { readonly kind?: unknown } | null | undefined)?.kind === "string";
}

function nothing(): void {}
