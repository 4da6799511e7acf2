import { EventEmitter } from "node:events";
import type { Logger } from "pino";

import type { SocketHandle } from "../server/accepted-socket.js";
import type { SocketAccess } from "../server/socket-access.js";
import { unbalanced } from "./balance.js";
import type { MessageToMaster } from "./channel.js";
import { MasterTransfers, type TransferEnd } from "./hand-over.js";
import type { ListeningSockets } from "./listening-sockets.js";
import { limitsOfOne, whyRecycle, type RecyclingLimits } from "./recycling.js";
import type { ReloadOutcome, WorkerFailure, WorkerReport } from "./reports.js";
import { Slot, type SlotHost } from "./slot.js";
import type { Supervised, SupervisedEvents } from "./supervised.js";
import type { Takeover } from "./takeover.js";
import { WorkerProcess, type WorkerListener, type WorkerProgram } from "./worker-process.js";
import type { LeaveReason, WorkerState } from "./worker-state.js";

/** Reloads that are remembered. */
const MOST_RELOADS = 10;
/** How often the workers are asked for their use of memory; ms. */
const PULSE = 1_000;
/** Pulses without an answer after which the event loop of a worker hangs: within 10 s, and after its own report. */
const HUNG_PULSES = 7;
/** How long a worker may take for its stop hooks, after its requests; ms. */
const STOP_HOOKS_LIMIT = 10_000;
/** How long the requests of a worker may take that has not said; ms. */
const UNKNOWN_SHUTDOWN = 0;
const REPORT_LIMIT = 1_000;

/** What a master runs. */
export interface MasterOptions {
  readonly program: WorkerProgram;
  readonly workers: number;
  readonly sockets: ListeningSockets;
  readonly recycle: RecyclingLimits;
  /** How long a worker may take until it is ready; ms. */
  readonly startLimit: number;
  readonly log: Logger;
  /** Writes a line that a worker has printed. */
  readonly printed: (pid: number, line: string) => void;
}

/**
 * Holds the listening sockets, and keeps workers running: starts, replaces and stops them, and passes connections from one to
 * another. It accepts nothing and knows no request.
 */
export class Master extends EventEmitter<SupervisedEvents> implements Supervised, SlotHost, WorkerListener {
  readonly #options: MasterOptions;
  readonly #log: Logger;
  readonly #slots: readonly Slot[];
  readonly #workers = new Set<WorkerProcess>();
  readonly #transfers: MasterTransfers<TransferEnd>;
  readonly #reloads: ReloadOutcome[] = [];
  readonly #limits = new WeakMap<WorkerProcess, RecyclingLimits>();
  readonly #shutdowns = new WeakMap<WorkerProcess, number>();
  /** Pulses in a row that a worker has not answered. */
  readonly #unanswered = new WeakMap<WorkerProcess, number>();
  readonly #killTimers = new Map<WorkerProcess, NodeJS.Timeout>();
  /** Those that wait for a report, by its number. */
  readonly #asking = new Map<number, (message: MessageToMaster & { readonly kind: "report" }) => void>();
  #lastReport = 0;
  #generation = 0;
  #access: SocketAccess = {};
  /** Whether the unix sockets have their names. */
  #areNamed = false;
  /** Replacements, one after another. */
  #turn: Promise<unknown> = Promise.resolve();
  #waitingReload: Promise<ReloadOutcome> | undefined;
  #pulse: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;
  #emptied: (() => void)[] = [];
  /** Whether the first workers could not serve: {@link start} reports that. */
  #hasFailed = false;

  constructor(options: MasterOptions) {
    super();
    this.#options = options;
    this.#log = options.log;
    this.#slots = Array.from({ length: options.workers }, (_, index) => new Slot(index, this));
    this.#transfers = new MasterTransfers((sender) => this.#receiverFor(sender));
  }

  get addresses(): readonly string[] {
    return this.#options.sockets.addresses;
  }

  /** Who may connect to the unix sockets, as the program says. */
  get access(): SocketAccess {
    return this.#access;
  }

  get workers(): readonly WorkerReport[] {
    return [...this.#workers].map(({ report }) => report).toSorted((a, b) => a.slot - b.slot);
  }

  get lastReloads(): readonly ReloadOutcome[] {
    return this.#reloads;
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  get startLimit(): number {
    return this.#options.startLimit;
  }

  /** Starts the workers. Returns why one of them did not start; then all are stopped. */
  async start(): Promise<WorkerFailure | undefined> {
    const failures = await Promise.all(this.#slots.map((slot) => slot.start()));
    const failure = failures.find((one) => one !== undefined);
    if (failure !== undefined) {
      this.#hasFailed = !this.isStopping;
      await this.stop();
      return failure;
    }
    try {
      await this.#options.sockets.name();
    } catch (error) {
      this.#hasFailed = true;
      await this.stop();
      throw error;
    }
    this.#areNamed = true;
    this.#pulse = setInterval(() => this.#check(), PULSE);
    this.emit("ready");
    return undefined;
  }

  async report(limit = REPORT_LIMIT): Promise<readonly WorkerReport[]> {
    await Promise.all([...this.#workers].map((worker) => this.#ask(worker, { limit, active: true })));
    return this.workers;
  }

  reload(): Promise<ReloadOutcome> {
    // One that has not begun loads what is there when it begins.
    return (this.#waitingReload ??= this.#inTurn(() => {
      this.#waitingReload = undefined;
      return this.#reload();
    }));
  }

  async oldWorkersGone(): Promise<void> {
    const old = [...this.#workers].filter((worker) => !this.#isCurrent(worker));
    await Promise.all(old.map((worker) => worker.reached("ended")));
  }

  stop(): Promise<void> {
    if (this.#stopping === undefined) this.#stopping = this.#stop();
    else for (const worker of this.#workers) worker.kill("the supervisor was asked twice to stop");
    return this.#stopping;
  }

  spawn(slot: number): WorkerProcess {
    const { program, sockets, recycle } = this.#options;
    const worker = new WorkerProcess(
      { program, slot, generation: this.#generation, sockets: sockets.inherited },
      this,
    );
    this.#workers.add(worker);
    this.#limits.set(worker, limitsOfOne(recycle, Math.random()));
    this.changed(worker);
    return worker;
  }

  looping(slot: number, delay: number): void {
    this.#log.error({ slot, delay }, "Workers end as soon as they start; the next one is delayed");
  }

  changed(worker: WorkerProcess): void {
    const { state, pid } = worker;
    if (state.kind === "leaving") this.#left(worker, state);
    if (state.kind === "killed") this.#log.warn({ worker: pid }, `Killed a worker: ${state.why}`);
    if (state.kind === "ended") this.#ended(worker, state);
    this.emit("worker", worker.report);
  }

  received(worker: WorkerProcess, message: MessageToMaster, handle: SocketHandle | undefined): void {
    switch (message.kind) {
      case "prepared":
        this.#shutdowns.set(worker, message.shutdown);
        this.#giveAccess(worker, message.access);
        return;
      case "report":
        worker.statistics = message.statistics;
        this.#asking.get(message.id)?.(message);
        return;
      case "connection":
      case "accepted":
      case "declined":
      case "released":
      case "reading":
      case "withdrawn":
        this.#transfers.receive(worker, message, handle);
        return;
      default:
    }
  }

  /** Has the workers of a dead master hand their connections over to those of this one, and end. */
  async takeOver(takeover: Takeover): Promise<void> {
    this.once("stopping", () => takeover.stop());
    await takeover.finish({
      received: (orphan, message, handle) => this.#transfers.receive(orphan, message, handle),
      isSending: (orphan) => this.#transfers.isSending(orphan),
      ended: (orphan) => this.#transfers.ended(orphan),
    });
  }

  printed({ pid }: WorkerProcess, line: string): void {
    this.#options.printed(pid, line);
  }

  async #reload(): Promise<ReloadOutcome> {
    const [startedAt, begin] = [Date.now(), performance.now()];
    this.#generation += 1;
    this.emit("reloading");
    this.#log.info({ generation: this.#generation }, "Reloading");
    let replaced = 0;
    let failure: WorkerFailure | undefined;
    for (const slot of this.#slots) {
      failure = await slot.replace("reload");
      if (failure !== undefined) break;
      replaced += 1;
    }
    const took = Math.round(performance.now() - begin);
    const outcome = { startedAt, took, generation: this.#generation, replaced, failure };
    this.#reloads.push(outcome);
    if (this.#reloads.length > MOST_RELOADS) this.#reloads.shift();
    if (failure === undefined) this.#log.info({ took, workers: replaced }, "Reloaded");
    else this.#log.error({ replaced, details: failure.details }, `Cannot reload: ${failure.sentence}`);
    this.emit("reloaded", outcome);
    return outcome;
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => {});
    return result;
  }

  #isCurrent(worker: WorkerProcess): boolean {
    return this.#slots.some(({ current, next }) => current === worker || next === worker);
  }

  /** The worker of the newest generation that has the fewest connections. */
  #receiverFor(sender: TransferEnd): WorkerProcess | undefined {
    let best: WorkerProcess | undefined;
    for (const { receiver } of this.#slots) {
      if (receiver === undefined || receiver === sender) continue;
      const isBetter =
        best === undefined ||
        receiver.generation > best.generation ||
        (receiver.generation === best.generation && receiver.connections < best.connections);
      if (isBetter) best = receiver;
    }
    if (best !== undefined) best.connections += 1;
    return best;
  }

  #giveAccess(
    worker: WorkerProcess,
    access: (MessageToMaster & { readonly kind: "prepared" })["access"],
  ): void {
    const { identity } = this.#options.program;
    // The folder of a socket may belong to the workers' user, who could put a link there for root to follow.
    if (identity !== undefined && this.#areNamed) return;
    const { owner = identity?.uid, group = identity?.gid } = access;
    this.#access = { ...access, owner, group };
    try {
      this.#options.sockets.giveAccess(this.#access);
    } catch (error) {
      worker.kill((error as Error).message);
    }
  }

  #left(worker: WorkerProcess, { why }: WorkerState & { readonly kind: "leaving" }): void {
    const limit = (this.#shutdowns.get(worker) ?? UNKNOWN_SHUTDOWN) + STOP_HOOKS_LIMIT;
    const timer = setTimeout(() => worker.kill(`it did not end within ${limit / 1000} s`), limit);
    this.#killTimers.set(worker, timer);
    if (why !== "itself") return;
    if (this.isStopping) worker.stop();
    else this.#slots[worker.slot]?.lost(worker);
  }

  #ended(worker: WorkerProcess, { code, signal, how }: WorkerState & { readonly kind: "ended" }): void {
    this.#workers.delete(worker);
    this.#transfers.ended(worker);
    clearTimeout(this.#killTimers.get(worker));
    this.#killTimers.delete(worker);
    const facts = { worker: worker.pid, code, signal };
    if (how === "crashed") this.#log.error(facts, "A worker has ended unasked; a new one starts");
    else if (how === "left" && code !== 0) this.#log.warn(facts, "A worker has ended with an error");
    else if (how === "left") this.#log.info({ worker: worker.pid }, "A worker has left");
    this.#slots[worker.slot]?.lost(worker);
    if (this.#workers.size === 0) for (const resume of this.#emptied.splice(0)) resume();
  }

  /** Evens out the connections by what the workers have last reported. */
  #balance(): void {
    const serving = this.#slots.flatMap(({ current }) => (current?.state.kind === "ready" ? current : []));
    const found = unbalanced(serving);
    if (found !== undefined) found.from.send({ kind: "give", connections: found.connections });
  }

  /** Asks all workers for their use of memory, and replaces those that exceed a limit. */
  #check(): void {
    this.#balance();
    for (const slot of this.#slots) {
      const { current: worker } = slot;
      if (worker?.state.kind !== "ready") continue;
      void this.#ask(worker, { limit: PULSE, active: false }).then(() => {
        if (this.#hangs(worker))
          worker.kill(`its event loop has stood still for ${(HUNG_PULSES * PULSE) / 1000} s`);
        const why = this.#whyRecycle(worker);
        if (why !== undefined) void this.#recycle(slot, { worker, why });
        return undefined;
      });
    }
  }

  /** Counts pulses, not time: a suspended machine is no reason to kill all workers. */
  #hangs(worker: WorkerProcess): boolean {
    const unanswered = worker.statistics === undefined ? (this.#unanswered.get(worker) ?? 0) + 1 : 0;
    this.#unanswered.set(worker, unanswered);
    return unanswered >= HUNG_PULSES && worker.state.kind === "ready";
  }

  #whyRecycle(worker: WorkerProcess): LeaveReason | undefined {
    const { statistics, startedAt } = worker;
    const limits = this.#limits.get(worker);
    if (statistics === undefined || limits === undefined) return undefined;
    return whyRecycle({ ...statistics, age: Date.now() - startedAt }, limits);
  }

  #recycle(
    slot: Slot,
    { worker, why }: { readonly worker: WorkerProcess; readonly why: LeaveReason },
  ): Promise<void> {
    // Once: the replacement waits for its turn.
    this.#limits.delete(worker);
    return this.#inTurn(async () => {
      if (slot.current !== worker || this.isStopping) return;
      this.#log.info({ worker: worker.pid, why }, "Replacing a worker");
      const failure = await slot.replace(why);
      if (failure !== undefined)
        this.#log.error({ details: failure.details }, `Cannot replace a worker: ${failure.sentence}`);
    });
  }

  /** Resolves when the worker has sent its statistics, or the limit is over. */
  #ask(
    worker: WorkerProcess,
    { limit, active }: { readonly limit: number; readonly active: boolean },
  ): Promise<void> {
    const id = (this.#lastReport += 1);
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#asking.delete(id);
        resolve();
      };
      const timer = setTimeout(() => {
        worker.statistics = undefined;
        done();
      }, limit);
      this.#asking.set(id, done);
      worker.send({ kind: "report", id, active });
    });
  }

  async #stop(): Promise<void> {
    this.#log.info("Stopping");
    clearInterval(this.#pulse);
    // Set by now: a slot that ends from here on starts nothing.
    await Promise.resolve();
    this.emit("stopping");
    for (const slot of this.#slots) slot.close();
    this.#options.sockets.hide();
    for (const worker of this.#workers) worker.stop();
    if (this.#workers.size > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied.push(resolve);
      });
    }
    this.#options.sockets.close();
    if (!this.#hasFailed) this.emit("stopped");
  }
}
