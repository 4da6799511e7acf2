import { EventEmitter, once } from "node:events";
import type * as fs from "node:fs";
import { createServer, type Server as NetServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import type { SocketHandle } from "../../src/server/accepted-socket.js";
import type { OfferEnd } from "../../src/server/hand-over.js";
import type { Server } from "../../src/server/server.js";
import { Channel, type MessageToMaster, type MessageToWorker } from "../../src/supervisor/channel.js";
import { WorkerTransfers } from "../../src/supervisor/worker-transfers.js";

/** What the descriptors of other processes look like. */
const descriptors = vi.hoisted((): { read: ((names: string[]) => string[]) | undefined } => ({
  read: undefined,
}));
vi.mock("node:fs", async (importActual) => {
  const actual = await importActual<typeof fs>();
  const readdirSync = (path: string): string[] => {
    const names = actual.readdirSync(path);
    return descriptors.read?.(names) ?? names;
  };
  return { ...actual, readdirSync };
});

/** A sender's end of its channel, with what it has sent. */
class SenderEnd extends EventEmitter {
  connected = true;
  readonly sent: string[] = [];

  send(message: { readonly body: MessageToMaster }): boolean {
    this.sent.push(message.body.kind);
    return true;
  }
}

const NO_SERVER = {} as unknown as Server;
const end = { current: new SenderEnd() };
const settled: OfferEnd[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
  descriptors.read = undefined;
  settled.length = 0;
});

/** A worker that has offered a connection. */
async function offering(): Promise<WorkerTransfers> {
  end.current = new SenderEnd();
  const channel = new Channel<MessageToMaster, MessageToWorker>(end.current, () => {});
  const transfers = new WorkerTransfers(NO_SERVER, channel);
  transfers.offer({ handle: await openHandle(), unread: Buffer.alloc(0), rate: 0 }, (end) =>
    settled.push(end),
  );
  return transfers;
}

/** The handle of a socket that this process has open. */
async function openHandle(): Promise<SocketHandle> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server as NetServer & { readonly _handle: SocketHandle })._handle;
}

describe("a sender whose offer is not accepted in time", () => {
  it("withdraws it before it reads on", async () => {
    await offering();
    vi.advanceTimersByTime(1_000);
    expect(end.current.sent).toEqual(["connection", "withdrawn"]);
    expect(settled).toEqual(["late"]);
  });

  it("does not release it to a receiver that accepts later", async () => {
    const transfers = await offering();
    vi.advanceTimersByTime(1_000);
    transfers.receive({ kind: "accepted", id: 1, by: process.pid }, undefined);
    expect(end.current.sent).not.toContain("released");
  });
});

describe("a sender whose master ends after the connection was accepted", () => {
  /** Whether it takes the connection back that a process has accepted. */
  async function takesBackFrom(pid: number): Promise<boolean> {
    const transfers = await offering();
    transfers.receive({ kind: "accepted", id: 1, by: pid }, undefined);
    end.current.connected = false;
    transfers.disconnected();
    vi.advanceTimersByTime(500);
    expect(settled).toHaveLength(1);
    return settled[0] !== "taken";
  }

  it("leaves it to a receiver that has it open", async () => {
    expect(await takesBackFrom(process.pid)).toBe(false);
  });

  it("leaves it to a receiver that closes other descriptors meanwhile", async () => {
    descriptors.read = (names) => ["999999", ...names];
    expect(await takesBackFrom(process.pid)).toBe(false);
  });

  it("takes it back from a receiver that does not have it open", async () => {
    descriptors.read = () => ["0"];
    expect(await takesBackFrom(process.pid)).toBe(true);
  });

  it("leaves it to a receiver whose descriptors it may not read, as after setuid", async () => {
    descriptors.read = () => {
      throw Object.assign(new Error("EACCES"), { code: "EACCES" });
    };
    expect(await takesBackFrom(process.pid)).toBe(false);
  });

  it("takes it back from a receiver that has ended", async () => {
    expect(await takesBackFrom(2 ** 22 + 1)).toBe(true);
  });
});
