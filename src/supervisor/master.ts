import { EventEmitter } from "node:events";
import type { Logger } from "pino";

import type { SocketHandle } from "../server/accepted-socket.js";
import type { SocketAccess } from "../server/socket-access.js";
import { Balancer, receiverOf } from "./balancer.js";
import type { MessageToMaster } from "./channel.js";
import type { StopOptions } from "./drain.js";
import { EndLimits } from "./end-limits.js";
import { GrantedAccess } from "./granted-access.js";
import type { ListeningSockets } from "./listening-sockets.js";
import { MasterStop, type MasterStopHost } from "./master-stop.js";
import { MasterTransfers, type TransferEnd } from "./master-transfers.js";
import type { RecyclingLimits } from "./recycling.js";
import type { Observations } from "./observations.js";
import { Replacements, type ReplacementsHost } from "./replacements.js";
import type { ReloadOutcome, WorkerEnd, WorkerFailure, WorkerReport } from "./reports.js";
import type { ObservedRequestsReport } from "./request-counter.js";
import { Slot, type SlotHost } from "./slot.js";
import type { Supervised, SupervisedEvents } from "./supervised.js";
import type { Takeover } from "./takeover.js";
import type { PrintedLine } from "./worker-output.js";
import { logEnd, WorkerEnds } from "./worker-ends.js";
import { WorkerProcess, type WorkerListener, type WorkerProgram } from "./worker-process.js";
import type { LeaveReason, WorkerState } from "./worker-state.js";
import { WorkerWatch, type WatchHost } from "./worker-watch.js";

/** How long a worker may take to report; ms. */
const REPORT_LIMIT = 1_000;

/** What a master runs. */
export interface MasterOptions {
  readonly program: WorkerProgram;
  readonly workers: number;
  readonly sockets: ListeningSockets;
  readonly recycle: RecyclingLimits;
  /** For how long it serves on when it is asked to stop; ms. */
  readonly drain: number;
  /** How long a worker may take until it is ready; ms. */
  readonly startLimit: number;
  readonly log: Logger;
  /** Gets what the workers count; undefined if they do not. */
  readonly observations: Observations | undefined;
  /** Writes a line that a worker has printed. */
  readonly printed: (line: PrintedLine) => void;
}

/**
 * Holds the listening sockets, and keeps workers running: starts, replaces and stops them, and passes connections from one to
 * another. It accepts nothing and knows no request.
 */
export class Master
  extends EventEmitter<SupervisedEvents>
  implements Supervised, SlotHost, WorkerListener, WatchHost, ReplacementsHost, MasterStopHost
{
  readonly #options: MasterOptions;
  readonly #log: Logger;
  readonly #slots: readonly Slot[];
  readonly #workers = new Set<WorkerProcess>();
  readonly #transfers: MasterTransfers<TransferEnd>;
  readonly #watch: WorkerWatch;
  readonly #replacements: Replacements;
  readonly #ends = new WorkerEnds();
  readonly #endLimits = new EndLimits();
  readonly #balancer = new Balancer();
  readonly #granted: GrantedAccess;
  readonly #end: MasterStop;
  #emptied: (() => void)[] = [];
  /** Whether the first workers could not serve: {@link start} reports that. */
  #hasFailed = false;

  constructor(options: MasterOptions) {
    super();
    this.#options = options;
    this.#end = new MasterStop(this, options.drain);
    this.#granted = new GrantedAccess(options.sockets, options.program.identity);
    this.#log = options.log;
    this.#slots = Array.from({ length: options.workers }, (_, index) => new Slot(index, this));
    this.#transfers = new MasterTransfers((sender, rate) => this.#receiverFor(sender, rate));
    this.#watch = new WorkerWatch(this, options.recycle);
    this.#replacements = new Replacements(this, {
      slots: this.#slots,
      program: options.program,
      log: options.log,
    });
  }

  get addresses(): readonly string[] {
    return this.#options.sockets.addresses;
  }

  /** Who may connect to the unix sockets, as the program says. */
  get access(): SocketAccess {
    return this.#granted.access;
  }

  get workers(): readonly WorkerReport[] {
    return [...this.#workers].map(({ report }) => report).toSorted((a, b) => a.slot - b.slot);
  }

  get wanted(): number {
    return this.#slots.length;
  }

  get processes(): Iterable<WorkerProcess> {
    return this.#workers;
  }

  get lastReloads(): readonly ReloadOutcome[] {
    return this.#replacements.lastReloads;
  }

  get lastEnds(): readonly WorkerEnd[] {
    return this.#ends.last;
  }

  get drainEndsAt(): number | undefined {
    return this.#end.drainEndsAt;
  }

  get isDraining(): boolean {
    return this.#end.phase === "draining";
  }

  get isStopping(): boolean {
    return this.#end.phase === "stopping";
  }

  get startLimit(): number {
    return this.#options.startLimit;
  }

  /** Starts the workers. Returns why one of them did not start; then all are stopped. */
  async start(): Promise<WorkerFailure | undefined> {
    const failures = await this.#replacements.start();
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
    this.#granted.named();
    this.#end.serving();
    this.#watch.start();
    this.emit("ready");
    return undefined;
  }

  async report(limit = REPORT_LIMIT): Promise<readonly WorkerReport[]> {
    await Promise.all([...this.#workers].map((worker) => this.#watch.ask(worker, { limit, active: true })));
    return this.workers;
  }

  async answers(limit = REPORT_LIMIT): Promise<boolean> {
    const ready = [...this.#workers].filter(({ state }) => state.kind === "ready");
    const answers = await Promise.all(
      ready.map((worker) => this.#watch.ask(worker, { limit, active: false })),
    );
    return answers.includes(true);
  }

  reload(): Promise<ReloadOutcome> {
    return this.#replacements.reload();
  }

  async oldWorkersGone(): Promise<void> {
    const old = [...this.#workers].filter((worker) => !this.#isCurrent(worker));
    await Promise.all(old.map((worker) => worker.reached("ended")));
  }

  stop(options?: StopOptions): Promise<void> {
    return this.#end.ask(options);
  }

  spawn(slot: number): WorkerProcess {
    const { program, sockets } = this.#options;
    const worker = new WorkerProcess(
      {
        program: { ...program, ...this.#replacements.paths },
        slot,
        generation: this.#replacements.generation,
        sockets: sockets.inherited,
      },
      this,
    );
    this.#workers.add(worker);
    this.changed(worker);
    return worker;
  }

  looping(slot: number, delay: number): void {
    this.#log.error({ slot, delay }, "Workers end as soon as they start; the next one is delayed");
  }

  changed(worker: WorkerProcess): void {
    const { state, pid } = worker;
    this.#ends.changed(worker);
    if (state.kind === "leaving") this.#left(worker, state);
    if (state.kind === "killed") this.#log.warn({ worker: pid }, `Killed a worker: ${state.why}`);
    if (state.kind === "ended") this.#ended(worker, state);
    this.emit("worker", worker.report);
  }

  received(worker: WorkerProcess, message: MessageToMaster, handle: SocketHandle | undefined): void {
    switch (message.kind) {
      case "prepared":
        this.#endLimits.prepared(worker, message.shutdown);
        this.#giveAccess(worker, message.access);
        return;
      case "report":
        this.#watch.reported(worker, message);
        this.#observed(worker, message.observed);
        return;
      case "observed":
        this.#observed(worker, message.observed);
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
      observed: (orphan, report) => this.#observed(orphan, report),
    });
  }

  reloading(): void {
    this.emit("reloading");
  }

  reloaded(outcome: ReloadOutcome): void {
    this.#options.observations?.reloaded(outcome);
    this.emit("reloaded", outcome);
  }

  printed(line: PrintedLine): void {
    this.#options.printed(line);
  }

  disconnected(worker: WorkerProcess): void {
    const { pid } = worker;
    this.#log.error(
      { worker: pid },
      "A worker has closed its channel, as by process.disconnect(); a new one starts",
    );
    worker.leave("disconnected");
    this.#slots[worker.slot]?.lost(worker);
  }

  #observed({ pid }: { readonly pid: number }, report: ObservedRequestsReport | undefined): void {
    if (report !== undefined) this.#options.observations?.add(pid, report);
  }

  #isCurrent(worker: WorkerProcess): boolean {
    return this.#slots.some(({ current, next }) => current === worker || next === worker);
  }

  #receiverFor(sender: TransferEnd, rate = 0): WorkerProcess | undefined {
    const receiver = receiverOf(
      sender,
      this.#slots.flatMap((slot) => slot.receiver ?? []),
    );
    if (receiver === undefined) return undefined;
    // Until they report themselves.
    const moved = rate + 1;
    receiver.load += moved;
    sender.load = Math.max(0, sender.load - moved);
    return receiver;
  }

  #giveAccess(worker: WorkerProcess, access: SocketAccess): void {
    try {
      this.#granted.grant(access);
    } catch (error) {
      worker.kill((error as Error).message);
    }
  }

  #left(worker: WorkerProcess, { why }: WorkerState & { readonly kind: "leaving" }): void {
    this.#endLimits.left(worker);
    if (why !== "itself") return;
    if (this.isStopping) worker.stop();
    else this.#slots[worker.slot]?.lost(worker);
  }

  #ended(worker: WorkerProcess, state: WorkerState & { readonly kind: "ended" }): void {
    this.#workers.delete(worker);
    this.#transfers.ended(worker);
    this.#endLimits.ended(worker);
    logEnd(this.#log, { pid: worker.pid, state });
    this.#slots[worker.slot]?.lost(worker);
    if (this.#workers.size === 0) for (const resume of this.#emptied.splice(0)) resume();
  }

  /** Evens out what the workers have to do, unless they are just being replaced. */
  asked(): void {
    const serving = this.#slots.flatMap(({ current }) => (current?.state.kind === "ready" ? current : []));
    this.#options.observations?.asked(this.workers);
    this.#balancer.balance(this.#replacements.isReloading ? [] : serving);
  }

  usedUp(worker: WorkerProcess, why: LeaveReason): void {
    void this.#replacements.recycle(worker, why);
  }

  draining(time: number): void {
    this.#log.info({ drain: time }, "Draining");
    this.emit("draining", time);
  }

  async stopWorkers(): Promise<void> {
    this.#log.info("Stopping");
    this.#watch.stop();
    // It is stopping by now: a slot that ends from here on starts nothing.
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

  killWorkers(): void {
    for (const worker of this.#workers) worker.kill("the supervisor was asked twice to stop");
  }
}
