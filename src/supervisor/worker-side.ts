import { connect } from "node:net";
import type { Logger } from "pino";

import type { SlowLog } from "../log/slow-log.js";
import { startFailureOf } from "../diagnostics/start-failure.js";
import { TricornError } from "../errors.js";
import { endAsBySignal, ignoreOutputErrors, isEnding } from "../process/process-end.js";
import type { RequestObserver } from "../events/request-event.js";
import type { WorkerPlace } from "../process/worker-place.js";
import { formatAddress, parseAddress } from "../protocol/address.js";
import type { IdleEnd } from "../server/connection-life.js";
import type { Server } from "../server/server.js";
import type { SocketAccess } from "../server/socket-access.js";
import { activeRequests } from "./active-requests.js";
import { attachChannel } from "./attach-channel.js";
import { Channel, type MessageToMaster, type MessageToWorker } from "./channel.js";
import type { WorkerStatistics } from "./reports.js";
import type { RequestCounter } from "./request-counter.js";
import { WorkerTransfers } from "./worker-transfers.js";

/** How often a worker without a master looks for the next one; ms. */
const SEEK_INTERVAL = 250;
/** The code with which Node.js reports a message to a master that is gone. */
const CHANNEL_CLOSED = /^ERR_IPC_/;

/**
 * The signals that ask a master for something. `systemctl kill` sends them to all processes of a service; if workers ended by them,
 * and the new version did not start, none would be left.
 */
const SIGNALS_FOR_MASTER = ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

/** What a worker serves. */
export interface WorkerParts {
  readonly server: Server;
  readonly log: Logger;
  readonly slowLog: SlowLog | undefined;
  /** Who may connect to the unix sockets. */
  readonly access: SocketAccess | undefined;
}

/** What `serve` does under a master. */
export class WorkerSide {
  readonly kind = "worker";
  readonly #place: WorkerPlace;
  readonly #channel: Channel<MessageToMaster, MessageToWorker>;
  #parts: WorkerParts | undefined;
  #counter: RequestCounter | undefined;
  #transfers: WorkerTransfers | undefined;
  #mayListen: (() => void) | undefined;
  #isAlone = false;
  /** Whether a master is looked for: from the first loss of one on. */
  #isSeeking = false;
  #isStopping = false;

  constructor(place: WorkerPlace) {
    this.#place = place;
    // The master may end at any time, and with it the readers of this output.
    ignoreOutputErrors();
    this.#channel = new Channel(process, (message, handle) => {
      switch (message.kind) {
        case "listen":
          this.#mayListen?.();
          return;
        case "leave":
          this.#leave();
          return;
        case "give":
          if (this.#transfers !== undefined) this.#parts?.server.give(message, this.#transfers.offer);
          return;
        case "stop":
          this.#stop();
          return;
        case "report":
          this.#report(message);
          return;
        default:
          if (this.#transfers !== undefined) this.#transfers.receive(message, handle);
          else handle?.close();
      }
    });
    process.on("disconnect", () => this.#disconnected());
    for (const signal of SIGNALS_FOR_MASTER) process.on(signal, leaveToMaster);
    // The listener alone would keep the process running.
    process.channel?.unref();
  }

  /** The addresses of the sockets that this process inherited. */
  get addresses(): readonly string[] {
    return this.#place.sockets.map(({ address }) => address);
  }

  /** Counts the requests for the master, if it wants that. @param slowLog decides which ones are slow */
  async observer(slowLog: SlowLog | undefined): Promise<RequestObserver | undefined> {
    if (!this.#place.isObserved) return undefined;
    const { RequestCounter } = await import("./request-counter.js");
    this.#counter = new RequestCounter(slowLog);
    // However the process ends: what it writes to the channel is sent at once.
    process.once("exit", () => this.#sendObserved());
    return this.#counter;
  }

  /** How long a request may be active before it is logged, in ms; undefined if the program decides. */
  get slowLog(): number | undefined {
    return this.#place.slowLog;
  }

  /** Waits until the master wants this worker to listen, and listens on its sockets. */
  async listen(parts: WorkerParts): Promise<void> {
    const { server, access = {} } = parts;
    this.#parts = parts;
    this.#transfers = new WorkerTransfers(server, this.#channel);
    if (this.#place.hangReport)
      await (await import("./hang-watch.js")).watchEventLoop({ ended: leaveAfterHang });
    const allowed = new Promise<void>((resolve) => {
      this.#mayListen = resolve;
    });
    this.#channel.send({ kind: "prepared", access, shutdown: waitOf(server) });
    if (!this.#channel.isOpen) this.#disconnected();
    // Nothing else may keep the process running yet.
    process.channel?.ref();
    await allowed;
    process.channel?.unref();
    for (const { fd, address } of this.#place.sockets) {
      const { protocol } = parseAddress(address);
      await server.listen(formatAddress({ kind: "fd", fd, protocol }), address);
    }
  }

  /** The worker serves. */
  ready(): void {
    this.#channel.send({ kind: "ready" });
  }

  /** The worker cannot start. Resolves when the master knows it. */
  failed(error: unknown): Promise<void> {
    return new Promise((resolve) => {
      this.#channel.send({ kind: "failed", failure: startFailureOf(error) }, undefined, resolve);
    });
  }

  /** Closes the server. Unless the master stops too, its connections go to other workers. */
  close(idleEnd: IdleEnd): Promise<void> {
    if (this.#parts === undefined || this.#transfers === undefined) return Promise.resolve();
    const { server } = this.#parts;
    if (this.#isStopping || !this.#channel.isOpen) return server.close(idleEnd);
    this.#channel.send({ kind: "leaving" });
    return server.leave(this.#transfers.offer);
  }

  #leave(): void {
    if (this.#parts === undefined || this.#transfers === undefined) return;
    const emptied = this.#parts.server.leave(this.#transfers.offer);
    this.#channel.send({ kind: "stopped" });
    // To the next master, if the own one has died.
    this.#sendObserved();
    void emptied.then(() => {
      this.#sendObserved();
      if (this.#channel.isOpen) this.#channel.send({ kind: "empty" });
      else this.#stop();
    });
  }

  #stop(): void {
    this.#isStopping = true;
    // No other worker takes its connections any more.
    endAsBySignal(
      this.#parts?.server.close("after one more request").finally(() => {
        this.#sendObserved();
      }),
    );
  }

  /** Sends what was counted, if there is a master. */
  #sendObserved(): void {
    if (this.#counter === undefined || !this.#channel.isOpen) return;
    this.#channel.send({ kind: "observed", observed: this.#counter.take() });
  }

  #report({ id, active }: { readonly id: number; readonly active: boolean }): void {
    if (this.#parts === undefined) return;
    const { server, slowLog } = this.#parts;
    const observed = this.#counter?.take();
    const standsAt = slowLog && ((request: string) => slowLog.standsAt(request));
    const statistics: WorkerStatistics = {
      rss: process.memoryUsage.rss(),
      requests: server.requests,
      refusals: server.refusals,
      connections: server.openConnections,
      activeCount: server.activeRequests,
      lag: this.#counter?.recentLag,
      active: active ? activeRequests(server.activeExchanges(), performance.now(), { standsAt }) : [],
    };
    this.#channel.send({ kind: "report", id, statistics, load: server.measureLoad(), observed });
  }

  #disconnected(): void {
    if (this.#isAlone) return;
    this.#isAlone = true;
    for (const signal of SIGNALS_FOR_MASTER) process.off(signal, leaveToMaster);
    // A program that sends a message to its lost master must not end by it.
    process.off("error", ignoreClosedChannel).on("error", ignoreClosedChannel);
    this.#mayListen?.();
    this.#transfers?.disconnected();
    // Asked to end, it closes what is left; otherwise it serves that until a master comes.
    if (isEnding()) void this.#parts?.server.close();
    else this.#parts?.server.keep();
    this.#parts?.log.warn("The master is gone; this worker serves on");
    if (this.#place.next !== undefined) this.#seekMaster(this.#place.next);
  }

  /** Tries to reach the next master until there is one; then looks whether that one is gone too. */
  #seekMaster(path: string): void {
    if (this.#isSeeking) return;
    this.#isSeeking = true;
    setInterval(() => {
      if (!this.#isAlone) {
        // A channel that was attached does not always emit `disconnect`.
        if (!this.#channel.isOpen) this.#disconnected();
        return;
      }
      const socket = connect(path).unref();
      // Before it is connected, or it would be read.
      socket.pause();
      socket.once("error", () => {});
      socket.once("connect", () => {
        if (!this.#isAlone) {
          socket.destroy();
          return;
        }
        this.#isAlone = false;
        attachChannel(socket);
        process.channel?.unref();
        this.#channel.listen();
        this.#introduce();
      });
    }, SEEK_INTERVAL).unref();
  }

  #introduce(): void {
    for (const handle of this.#parts?.server.listeningHandles ?? []) {
      if (handle !== undefined) this.#channel.send({ kind: "socket" }, handle);
    }
    this.#channel.send({ kind: "orphan", pid: process.pid });
  }
}

function leaveToMaster(): void {}

function ignoreClosedChannel(error: NodeJS.ErrnoException): void {
  if (error.code === undefined || !CHANNEL_CLOSED.test(error.code)) throw error;
}

/** What was ended leaves an unknown state, as an uncaught error does: the process ends once its connections are handed over. */
function leaveAfterHang(): never {
  throw new TricornError("ERR_EVENT_LOOP_HUNG", "Ended what kept the event loop from turning", {
    fault: "local",
  });
}

/** How long a closing server may wait for its requests; ms. */
function waitOf({ timeouts: { shutdown, abortGrace } }: Server): number {
  return Math.min(shutdown + abortGrace, Number.MAX_SAFE_INTEGER);
}
