import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { WebServer, type WebServerKind } from "../../support/web-servers/web-server.js";
import { Asker, type Sample } from "./ask.js";
import { allNewAt, type Moment } from "./figures.js";
import { drillNginx, readLogs, type FrontRecord } from "./front.js";
import { Load, type LoadShape } from "./load.js";
import type { Breakage } from "./releases.js";
import { FILE_LINES, type Mix } from "./request-kinds.js";
import { RunningTarget, kill, type CommandEnd, type Leftovers } from "./running-target.js";
import type { Target } from "./targets/target.js";

/** What one drill is: a target, the load on it, and what is done to it meanwhile. */
export interface DrillOptions {
  readonly target: Target;
  readonly workers: number;
  readonly over: "unix" | "tcp";
  /** Idle connections that nginx keeps to it. */
  readonly keep: number;
  readonly shape: LoadShape;
  readonly mix: Mix;
  /** The folder of the compiled programs. */
  readonly programs: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The Web server; nginx of {@link drillNginx} by default. */
  readonly front?: (place: FrontPlace) => WebServerKind;
  readonly plan: Plan;
}

/** What a Web server is configured for. */
export interface FrontPlace {
  /** Where the target listens. */
  readonly address: string;
  /** The folder of the files that filters transform. */
  readonly root: string;
}

/** What is done to a target under load; the load ends with it. */
export type Plan = (drill: Drill) => Promise<void>;

/** What a drill showed. */
export interface DrillRecord {
  readonly samples: readonly Sample[];
  readonly moments: readonly Moment[];
  /** Undefined behind another Web server than {@link drillNginx}. */
  readonly front: FrontRecord | undefined;
  readonly left: Leftovers;
  /** Processes that had ended, and for which the master had not waited, at the end of the load. */
  readonly zombies: number;
  /** What the target printed. */
  readonly output: string;
  /** What commands ended with. */
  readonly commands: readonly CommandEnd[];
}

/** How long a reload may take until each worker has answered by the new release; ms. */
const SETTLE_LIMIT = 15_000;
/** Between two looks at the answers; ms. */
const POLL = 20;

/** A target under load. */
export class Drill {
  readonly target: RunningTarget;
  readonly load: Load;
  readonly options: DrillOptions;
  readonly moments: Moment[] = [];
  readonly commands: CommandEnd[] = [];

  constructor(options: DrillOptions, parts: { readonly target: RunningTarget; readonly load: Load }) {
    this.options = options;
    this.target = parts.target;
    this.load = parts.load;
  }

  /** Deploys a release and reloads; resolves when as many new processes have answered as there are workers. */
  async reload(): Promise<void> {
    const from = this.load.samples.length;
    const after = performance.now();
    await this.beginReload();
    const { workers } = this.options;
    const release = this.target.releases.current;
    await this.until(
      () => allNewAt(this.load.samples.slice(from), { release, workers, after }) !== undefined,
      SETTLE_LIMIT,
    );
  }

  /** Deploys a release and reloads; does not wait for new processes. */
  async beginReload(): Promise<void> {
    const release = this.target.releases.deploy();
    this.note({ kind: "reload", at: performance.now(), release });
    await this.#reload();
  }

  /** Deploys a release that does not start, reloads, and rolls back. */
  async reloadBroken(breakage: Breakage): Promise<void> {
    const { releases } = this.target;
    const { current } = releases;
    releases.deploy(breakage);
    this.note({ kind: "broken reload", at: performance.now() });
    await this.#reload();
    releases.rollBack(current);
  }

  /** Kills a process, and notes it. */
  kill(pid: number): void {
    const at = performance.now();
    if (kill(pid)) this.note({ kind: "kill", at, pid });
  }

  note(moment: Moment): void {
    this.moments.push(moment);
  }

  /** The processes that gave the last answers. */
  get serving(): readonly number[] {
    const pids = this.load.samples
      .slice(-300)
      .flatMap(({ judgement }) => (judgement.isGood && judgement.pid !== undefined ? [judgement.pid] : []));
    return [...new Set(pids)];
  }

  /** Lets the load go on until something has happened, or the limit in ms is over. Resolves with whether it has. */
  async until(hasHappened: () => boolean, limit: number): Promise<boolean> {
    const deadline = performance.now() + limit;
    while (!hasHappened()) {
      if (performance.now() > deadline) return false;
      await delay(POLL);
    }
    return true;
  }

  /** Lets the load go on for so many ms. */
  async goOn(time: number): Promise<void> {
    await delay(time);
  }

  async #reload(): Promise<void> {
    const end = await this.target.reload();
    if (end !== undefined) this.commands.push(end);
  }
}

/** Starts a target and a Web server in front of it, loads them while the plan runs, and stops everything. */
export async function runDrill(options: DrillOptions): Promise<DrillRecord> {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-drill-"));
  writeFileSync(join(folder, "notes.txt"), FILE_LINES.map((line) => `${line}\n`).join(""));
  try {
    return await runIn(folder, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Fails unless one request is answered: what the load would fail by is not the drill's subject. */
async function firstAnswer(asker: Asker, { output, target }: RunningTarget): Promise<void> {
  const { judgement } = await asker.ask("get");
  if (!judgement.isGood) throw new Error(`Cannot drill ${target.name}: ${judgement.why}\n${output}`);
}

async function runIn(folder: string, options: DrillOptions): Promise<DrillRecord> {
  const { target: kind, workers, over, programs, keep, shape, mix, plan } = options;
  const env = { DRILL_ROOT: folder, ...options.env };
  const target = await RunningTarget.start(kind, { folder, workers, over, programs, env });
  let left: Leftovers | undefined;
  let server: WebServer | undefined;
  let asker: Asker | undefined;
  try {
    const { addresses, place } = target;
    const params = kind.params?.(place) ?? {};
    const front = options.front?.({ address: addresses[0]!, root: folder });
    server = await WebServer.start(front ?? drillNginx({ addresses, keep, params }));
    asker = new Asker(server.url);
    const load = new Load(asker, { shape, mix, seed: 13 });
    const drill = new Drill(options, { target, load });
    await firstAnswer(asker, target);
    load.start();
    try {
      await plan(drill);
    } finally {
      await load.stop();
    }
    const zombies = target.processes.filter(({ isZombie }) => isZombie).length;
    left = await target.stop();
    const { samples } = load;
    const { moments, commands } = drill;
    const record = front === undefined ? readLogs(server) : undefined;
    return { samples, moments, commands, front: record, left, zombies, output: target.output };
  } finally {
    asker?.close();
    await server?.stop();
    if (left === undefined) await target.stop();
  }
}
