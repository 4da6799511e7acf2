import { beforeEach, describe, expect, test } from "vitest";

import type { SocketHandle } from "../../src/server/accepted-socket.js";
import type { MessageToWorker, TransferToMaster } from "../../src/supervisor/channel.js";
import { MasterTransfers, type TransferEnd } from "../../src/supervisor/master-transfers.js";

/** A worker with what it was sent. */
class ScriptedEnd implements TransferEnd {
  readonly generation = 0;
  load = 0;
  readonly sent: MessageToWorker[] = [];
  readonly #handles: boolean[] = [];

  constructor(readonly pid: number) {}

  /** Whether each message had a handle. */
  get handles(): readonly boolean[] {
    return this.#handles;
  }

  send(message: MessageToWorker, handle?: SocketHandle, sent?: () => void): void {
    this.sent.push(message);
    this.#handles.push(handle !== undefined);
    sent?.();
  }
}

let sender: ScriptedEnd;
let receiver: ScriptedEnd;
let stranger: ScriptedEnd;
let transfers: MasterTransfers<ScriptedEnd>;
let closed: number;
const handle: SocketHandle = { fd: 9, close: () => void (closed += 1) };
const connection: TransferToMaster = { kind: "connection", id: 5, unread: "AQE=", rate: 3 };

beforeEach(() => {
  [sender, receiver, stranger] = [new ScriptedEnd(1), new ScriptedEnd(2), new ScriptedEnd(3)];
  transfers = new MasterTransfers(() => receiver);
  closed = 0;
  transfers.receive(sender, connection, handle);
});

describe("a connection on its way", () => {
  test("goes to its receiver with all that is known of it, and the master keeps no copy", () => {
    expect(receiver.sent).toEqual([{ kind: "connection", id: 1, unread: "AQE=", rate: 3 }]);
    expect([receiver.handles, closed]).toEqual([[true], 1]);
  });

  test("is accepted, released and read by its sender and its receiver only", () => {
    transfers.receive(stranger, { kind: "accepted", id: 1 }, undefined);
    transfers.receive(stranger, { kind: "reading", id: 1 }, undefined);
    transfers.receive(stranger, { kind: "released", id: 5 }, undefined);
    expect(sender.sent).toEqual([]);
    transfers.receive(receiver, { kind: "accepted", id: 1 }, undefined);
    transfers.receive(sender, { kind: "released", id: 5 }, undefined);
    expect(transfers.isSending(sender)).toBe(true);
    transfers.receive(receiver, { kind: "reading", id: 1 }, undefined);
    expect(sender.sent).toEqual([
      { kind: "accepted", id: 5, by: 2 },
      { kind: "reading", id: 5 },
    ]);
    expect(receiver.sent.slice(1)).toEqual([{ kind: "released", id: 1 }]);
    expect(transfers.isSending(sender)).toBe(false);
  });

  test("is read by its receiver if its sender ends, and goes back if its receiver ends", () => {
    transfers.ended(sender);
    expect(receiver.sent.at(-1)).toEqual({ kind: "released", id: 1 });
    transfers.receive(stranger, connection, handle);
    transfers.ended(receiver);
    expect(stranger.sent).toEqual([{ kind: "declined", id: 5 }]);
  });

  test("goes back if there is no receiver", () => {
    const alone = new MasterTransfers<ScriptedEnd>(() => undefined);
    alone.receive(stranger, connection, handle);
    expect(stranger.sent).toEqual([{ kind: "declined", id: 5 }]);
    expect(closed).toBe(2);
  });
});
