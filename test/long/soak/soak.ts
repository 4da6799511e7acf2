import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { drive, type Target } from "../fuzz/drive.js";
import { connectTo } from "../fuzz/peer.js";
import { Random } from "../fuzz/random.js";
import { makeSession } from "../fuzz/session.js";
import type { ServerFigures } from "./server.js";
import { stress } from "./stress.js";

/** What to run. */
export interface SoakOptions {
  readonly seed: number;
  /** How long, in ms. */
  readonly time: number;
  /** The most sessions, however fast they are. */
  readonly sessions: number;
  /** Sessions side by side. */
  readonly parallel: number;
  /** Called with each sample of the server's figures. */
  readonly sampled?: (figures: ServerFigures, done: number) => void;
}

/** What a run showed. */
export interface SoakFigures {
  readonly sessions: number;
  readonly requests: number;
  readonly answers: number;
  readonly slowestProbe: number;
  /** Answers that were wrong, and sessions that did not end. */
  readonly faults: readonly string[];
  /** What was left when everybody had gone. */
  readonly left: ServerFigures;
  readonly samples: readonly ServerFigures[];
}

const SAMPLE_EVERY = 5_000;
const MAX_FAULTS = 20;
/** How long the server may take to notice that everybody has left, in ms. */
const LEAVE_LIMIT = 15_000;

/** Tokens come from the server's own process; that they are there is what can be checked from here. */
const tokens = { delete: (token: string): boolean => /^token-\d+$/.test(token) };

/** Lets Web servers of every kind loose on a server in a process of its own. */
export async function soak({ seed, time, sessions, parallel, sampled }: SoakOptions): Promise<SoakFigures> {
  const child = fork(fileURLToPath(new URL("server.ts", import.meta.url)), {
    execArgv: ["--import", "@oxc-node/core/register", "--expose-gc"],
  });
  const [{ port }] = (await once(child, "message")) as [ServerFigures];
  const target: Target = {
    tokens,
    // Not much to ask of a server that is kept busy; the fuzzer asks for more.
    probeLimit: 1_000,
    open: () => connectTo(port),
    full: () => false,
    close: () => undefined,
    closing: false,
    settled: () => Promise.resolve(),
  };
  const total = { sessions: 0, requests: 0, answers: 0, slowestProbe: 0 };
  const faults: string[] = [];
  const samples: ServerFigures[] = [];
  const started = performance.now();
  const goesOn = (): boolean =>
    performance.now() - started < time && faults.length < MAX_FAULTS && child.exitCode === null;
  let next = 0;
  const work = async (): Promise<void> => {
    while (goesOn() && next < sessions) {
      const number = next;
      next += 1;
      const random = new Random(seed, number);
      try {
        const figures = random.percent(5)
          ? await stress(random, target)
          : await drive(makeSession(random), target);
        total.requests += figures.begun;
        total.answers += figures.answered;
        total.slowestProbe = Math.max(total.slowestProbe, figures.slowestProbe);
      } catch (error) {
        faults.push(`session ${number}: ${(error as Error).message}`);
      }
      total.sessions += 1;
    }
  };
  const sampler = setInterval(() => {
    void ask(child).then((figures) => {
      samples.push(figures);
      sampled?.(figures, total.sessions);
    });
  }, SAMPLE_EVERY);
  await Promise.all(Array.from({ length: parallel }, work));
  clearInterval(sampler);
  if (child.exitCode !== null) faults.push(`the server ended with ${child.exitCode}`);
  const left = await settled(child);
  child.disconnect();
  await once(child, "exit");
  return { ...total, faults, left, samples: [...samples, left] };
}

async function ask(child: ChildProcess): Promise<ServerFigures> {
  child.send("figures");
  const [figures] = (await once(child, "message")) as [ServerFigures];
  return figures;
}

/** The figures when nothing is active any more, or those of the last moment. */
async function settled(child: ChildProcess): Promise<ServerFigures> {
  const started = performance.now();
  for (;;) {
    const figures = await ask(child);
    if (figures.requests + figures.connections === 0 || performance.now() - started > LEAVE_LIMIT)
      return figures;
  }
}
