import type { Logger } from "pino";

import type { AddressLike } from "../protocol/address.js";
import { Server } from "../server/server.js";
import type { SocketAccess } from "../server/socket-access.js";
import { boundActive } from "./active-requests.js";
import { answerControl } from "./control-answers.js";
import { ControlSocket } from "./control-socket.js";
import { Observations } from "./observations.js";
import { ping } from "./ping.js";
import { PidFile } from "./pid-file.js";
import { notifySystemd } from "./service-news.js";
import { StatusApplication } from "./status-application.js";
import type { Status } from "./status.js";
import type { Supervised } from "./supervised.js";
import { takeNotifyFacts, type SystemdNotify } from "./systemd-notify.js";

/** By what a master is operated beside its signals; by default by nothing. */
export interface OperationsOptions {
  /** The path of its control socket, in a folder that only its user may enter. */
  readonly control?: string | undefined;
  /**
   * Where it answers `/ping`, `/status` and `/metrics` over FastCGI. With it the workers count their requests by route, with the time
   * that they take.
   */
  readonly statusListen?: AddressLike | undefined;
  /** The file with its process id, from when all workers are ready until it ends. */
  readonly pidFile?: string | undefined;
}

/** What the operations are of. */
export interface OperatedProgram {
  /** The path of the program. */
  readonly program: string;
  readonly log: Logger;
}

/** The control socket, the status page, the pid file and systemd's news of a master. */
export class Operations {
  readonly #of: OperatedProgram;
  readonly #startedAt = Date.now();
  readonly #control: ControlSocket | undefined;
  /** Where the page is, and what it shows of requests; undefined without one. */
  readonly #shown: { readonly listen: AddressLike; readonly observations: Observations } | undefined;
  #page: Server | undefined;
  readonly #pidFile: PidFile | undefined;
  readonly #notifyFacts = takeNotifyFacts();
  #systemd: SystemdNotify | undefined;
  #master: Supervised | undefined;

  private constructor({ control, statusListen, pidFile }: OperationsOptions, of: OperatedProgram) {
    this.#of = of;
    this.#control =
      control === undefined ? undefined : new ControlSocket(control, (request) => this.#answer(request));
    this.#shown =
      statusListen === undefined ? undefined : { listen: statusListen, observations: new Observations() };
    this.#pidFile = pidFile === undefined ? undefined : new PidFile(pidFile);
  }

  /**
   * Opens the control socket, before there is a master: until {@link attach} it says that it starts. Takes systemd's variables, so
   * that no worker inherits them.
   *
   * @throws ConfigurationError if it cannot be opened
   */
  static async open(options: OperationsOptions, of: OperatedProgram): Promise<Operations> {
    const operations = new Operations(options, of);
    // However the process ends, none of its files is left.
    process.once("exit", operations.#removeFiles);
    try {
      await operations.#control?.open();
    } catch (error) {
      await operations.close();
      throw error;
    }
    return operations;
  }

  /**
   * The workers of the first start are ready: opens the rest.
   *
   * @param access who may connect to the status page: those who may connect to the program
   * @throws ConfigurationError if something cannot be opened
   */
  async attach(master: Supervised, access: SocketAccess): Promise<void> {
    this.#master = master;
    if (this.#shown !== undefined) {
      const { log } = this.#of;
      const { listen, observations } = this.#shown;
      const shown = {
        status: () => this.#status(),
        ping: () => ping(master),
        metrics: async () => {
          // Loaded for the first reader of it.
          const { formatMetrics } = await import("./metrics.js");
          return formatMetrics(await this.#status(), observations);
        },
      };
      const page = new StatusApplication(shown, log);
      this.#page = new Server(page, { log, socketAccess: access });
      await this.#page.listen(listen);
      // Its address is free for the next master, as those of the program are.
      master.once("stopping", () => void this.#page?.close());
    }
    this.#pidFile?.write();
    const facts = this.#notifyFacts;
    if (facts !== undefined) this.#systemd = notifySystemd(master, { facts, log: this.#of.log });
  }

  /** Gets what the workers count; undefined without a status page: then they do not. */
  get observations(): Observations | undefined {
    return this.#shown?.observations;
  }

  /** Closes the sockets and removes the files, when the master has stopped. Resolves when systemd has heard of it. */
  async close(): Promise<void> {
    process.off("exit", this.#removeFiles);
    this.#pidFile?.remove();
    this.#control?.hide();
    await Promise.all([this.#page?.close(), this.#systemd?.sent]);
    // Last: a client that has asked for a stop waits for its end.
    await this.#control?.close();
  }

  readonly #removeFiles = (): void => void this.close();

  #answer(request: Parameters<typeof answerControl>[0]): ReturnType<typeof answerControl> {
    const master = this.#master;
    return answerControl(request, master && { master, status: () => this.#status() });
  }

  async #status(): Promise<Status> {
    const master = this.#master;
    return {
      program: this.#of.program,
      pid: process.pid,
      startedAt: this.#startedAt,
      at: Date.now(),
      drainEndsAt: master?.drainEndsAt,
      isStopping: master?.isStopping ?? false,
      addresses: master?.addresses ?? [],
      // First: with its answer each worker brings what it has counted.
      workers: boundActive((await master?.report()) ?? []),
      wanted: master?.wanted ?? 0,
      lastReloads: master?.lastReloads ?? [],
      lastEnds: master?.lastEnds ?? [],
      observed: this.observations?.status,
    };
  }
}
