import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { freePort } from "../../../support/web-servers/free-port.js";
import { WebServer } from "../../../support/web-servers/web-server.js";
import { Asker, type Sample } from "../ask.js";
import { Load } from "../load.js";
import type { Mix } from "../request-kinds.js";
import type { CommandEnd, Leftovers } from "../running-target.js";
import type { Front, FrontPlace } from "./fronts.js";
import { Host, journalOf } from "./host.js";
import { notUsedAgain } from "./hosts-figures.js";
import type { HostMoment } from "./host-moment.js";
import { Journals } from "./journal.js";
import { Sessions, type SessionKey } from "./sessions.js";

/** What one drill with several hosts is. */
export interface HostsDrillOptions {
  readonly front: Front;
  readonly key: SessionKey;
  /** Requests in all. */
  readonly count: number;
  /** Requests a second. */
  readonly rate: number;
  readonly mix: Mix;
  readonly workers: number;
  readonly programs: string;
  readonly plan: HostsPlan;
}

/** What is done to the hosts under load. The load goes on until it has its number of requests. */
export type HostsPlan = (drill: HostsDrill) => Promise<void>;

/** What such a drill showed. */
export interface HostsRecord {
  readonly samples: readonly Sample[];
  readonly moments: readonly HostMoment[];
  /** Requests that a host had begun and not ended when it was killed; undefined if none was. */
  readonly activeOnKilled: number | undefined;
  readonly journals: { readonly repeatedGets: number; readonly repeatedPosts: number };
  readonly left: readonly Leftovers[];
  readonly commands: readonly CommandEnd[];
  /** What the hosts have logged. */
  readonly output: string;
  /** What the load balancer has logged. */
  readonly errorLog: string;
}

export const HOSTS = 3;
const SESSIONS = 60;
/** How long it may take until a host that is back gets requests; ms. */
const USED_LIMIT = 30_000;
/** Between two looks at the samples; ms. */
const POLL = 20;

/** Hosts behind a load balancer, under load. */
export class HostsDrill {
  readonly hosts: readonly Host[];
  readonly load: Load;
  readonly moments: HostMoment[] = [];
  readonly commands: CommandEnd[] = [];
  /** Requests that a host had begun and not ended when it was killed. */
  activeOnKilled: number | undefined;
  readonly #parts: DrillParts;

  constructor(parts: DrillParts) {
    this.#parts = parts;
    this.hosts = parts.hosts;
    this.load = parts.load;
  }

  /** Lets the load go on until so many of 100 of its requests have ended beside those until now. */
  async goOn(percent: number): Promise<void> {
    const { samples } = this.load;
    await this.ended(samples.length + (this.#parts.count * percent) / 100);
  }

  /** Lets the load go on until so many of its requests have ended. */
  async ended(count: number): Promise<void> {
    while (this.load.samples.length < count) await delay(POLL);
  }

  /** Takes a host out of use at the load balancer, or back into it. */
  setUse(host: number, isUsed: boolean): Promise<void> {
    if (!isUsed) this.#note({ kind: "draining", host });
    const { front, server, place } = this.#parts;
    return front.setUse(server, place, { host, isUsed });
  }

  /** `tricorn stop --drain` on a host. */
  async drain(host: number, seconds: number): Promise<void> {
    this.#note({ kind: "draining", host });
    this.commands.push(await this.hosts[host]!.drain(seconds));
    this.#note({ kind: "stopped", host });
  }

  /** Kills a host. */
  async kill(host: number): Promise<void> {
    const { at } = await this.hosts[host]!.kill();
    this.moments.push({ kind: "killed", host, at });
  }

  /** Starts a host again; resolves when it listens. */
  async startAgain(host: number): Promise<void> {
    if (this.moments.some((moment) => moment.kind === "killed" && moment.host === host))
      this.activeOnKilled = this.#parts.journals.activeOn(host);
    await this.hosts[host]!.startAgain();
    this.#note({ kind: "back", host });
  }

  /** Waits until each host that is back has answered a request that began then. */
  async areUsedAgain(): Promise<void> {
    const { samples } = this.load;
    const end = performance.now() + USED_LIMIT;
    while (notUsedAgain(samples, this.moments) > 0 && performance.now() < end) await delay(POLL);
  }

  #note(moment: Omit<HostMoment, "at">): void {
    this.moments.push({ ...moment, at: performance.now() });
  }
}

interface DrillParts {
  readonly hosts: readonly Host[];
  readonly load: Load;
  readonly front: Front;
  readonly server: WebServer;
  readonly place: FrontPlace;
  readonly journals: Journals;
  readonly count: number;
}

/** Starts the hosts and a load balancer, loads them while the plan runs, and stops everything. */
export async function runHostsDrill(options: HostsDrillOptions): Promise<HostsRecord> {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-hosts-"));
  const hosts: Host[] = [];
  let server: WebServer | undefined;
  try {
    const { front, key, count, rate, mix, workers, programs, plan } = options;
    const ports = { application: await freePort(), health: await freePort() };
    const folderOf = (host: number): string => join(folder, `host-${host}`);
    const numbers = Array.from({ length: HOSTS }, (_, number) => number);
    for (const number of numbers) {
      const inProcess = !front.asks;
      hosts.push(await Host.start({ number, folder: folderOf(number), ports, workers, programs, inProcess }));
    }
    const place = { hosts: HOSTS, ports, key };
    server = await WebServer.start(front.kind(place));
    const sessions = new Sessions(SESSIONS, key);
    const asker = new Asker(server.url, sessions);
    // Each session has its first answer, with its cookies, before it sends two requests at once.
    const first: Sample[] = [];
    for (let request = 0; request < 2 * SESSIONS; request += 1) first.push(await asker.ask("get"));
    const load = new Load(asker, { shape: { kind: "open", rate }, mix, seed: 13 });
    const journals = new Journals(numbers.map((number) => journalOf(folderOf(number))));
    const drill = new HostsDrill({ hosts, load, front, server, place, journals, count });
    load.start();
    try {
      await plan(drill);
      await drill.ended(count);
    } finally {
      await load.stop();
      asker.close();
    }
    const { errorLog } = server;
    const left = await Promise.all(hosts.splice(0).map((host) => host.stop()));
    const { moments, commands, activeOnKilled } = drill;
    return {
      samples: [...first, ...load.samples],
      moments,
      commands,
      activeOnKilled,
      journals: { repeatedGets: journals.repeated("GET"), repeatedPosts: journals.repeated("POST") },
      left,
      output: drill.hosts.map(({ output }) => output).join(""),
      errorLog,
    };
  } finally {
    await server?.stop();
    await Promise.all(hosts.map((host) => host.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}
