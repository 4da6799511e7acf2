import type { SocketAccess } from "../server/socket-access.js";
import type { WorkerFailure, WorkerStatistics } from "./reports.js";

/**
 * The `cmd` of our messages. Node.js emits a message whose `cmd` begins with NODE_ as `internalMessage`, as node:cluster does for
 * its own: so `process.on("message")` and `process.send` are the program's, and its listeners never get ours.
 */
const COMMAND = "NODE_TRICORN";

/**
 * What the master tells a worker. A connection on its way has a number: in messages to and from its sender that which the sender
 * gave it, in those to and from its receiver that of the master.
 */
export type MessageToWorker =
  /** Listens, and answers `ready`. */
  | { readonly kind: "listen" }
  /** Accepts no more, answers `stopped`, hands each connection over that has no request, and at last answers `empty`. */
  | { readonly kind: "leave" }
  /** Hands over so many idle connections, and stays. */
  | { readonly kind: "give"; readonly connections: number }
  /** With a handle: a connection to adopt. The worker answers `accepted` or `declined`, and does not read it yet. */
  | { readonly kind: "connection"; readonly id: number; readonly unread: string }
  /** The receiver of a connection has it: the sender must not read it again, and answers `released`. */
  | { readonly kind: "accepted"; readonly id: number; readonly by: number }
  /** The sender has released it: the receiver reads it, and answers `reading`. */
  | { readonly kind: "released"; readonly id: number }
  /** The receiver reads it: the sender closes its copy. */
  | { readonly kind: "reading"; readonly id: number }
  /** No worker has it: the sender goes on with it. */
  | { readonly kind: "declined"; readonly id: number }
  /** Its sender has ended, or goes on with it: the receiver forgets it. */
  | { readonly kind: "withdrawn"; readonly id: number }
  /** Answers with its statistics. */
  | { readonly kind: "report"; readonly id: number };

/** What a worker tells the master. */
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
  | { readonly kind: "stopped" }
  | { readonly kind: "empty" }
  /** With a handle: a connection for another worker, with the base64 of what was read of it and not used. */
  | { readonly kind: "connection"; readonly id: number; readonly unread: string }
  | { readonly kind: "accepted"; readonly id: number }
  | { readonly kind: "declined"; readonly id: number }
  | { readonly kind: "released"; readonly id: number }
  | { readonly kind: "reading"; readonly id: number }
  | { readonly kind: "report"; readonly id: number; readonly statistics: WorkerStatistics };

/** The handle of a socket, as Node.js passes it between processes. */
export interface SocketHandle {
  readonly fd: number;
  close(): void;
}

/** The end of a channel: `process` in a worker, a ChildProcess in the master. */
export interface ChannelEnd {
  readonly connected?: boolean;
  send?(message: object, handle: never, options: object, callback: (error: Error | null) => void): boolean;
  on(event: "internalMessage", listener: (message: unknown, handle: unknown) => void): unknown;
}

/** Our messages on the channel between master and worker. */
export class Channel<Sent extends { readonly kind: string }, Received extends { readonly kind: string }> {
  readonly #end: ChannelEnd;

  constructor(end: ChannelEnd, received: (message: Received, handle: SocketHandle | undefined) => void) {
    this.#end = end;
    end.on("internalMessage", (message, handle) => {
      if ((message as { readonly cmd?: unknown } | null)?.cmd !== COMMAND) return;
      received((message as { readonly body: Received }).body, handle as SocketHandle | undefined);
    });
  }

  /**
   * Sends a message, with a handle or without. The handle stays open in this process. A channel whose other end is gone drops it.
   *
   * @param sent called when the message has left or was dropped
   */
  send(message: Sent, handle?: SocketHandle, sent: () => void = nothing): void {
    if (this.#end.connected !== true) {
      sent();
      return;
    }
    this.#end.send?.({ cmd: COMMAND, body: message }, handle as never, {}, () => sent());
  }
}

function nothing(): void {}
