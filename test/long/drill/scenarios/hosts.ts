import { failuresOf } from "../figures.js";
import { haproxyFront, nginxFront, type Front } from "../hosts/fronts.js";
import { HOSTS, runHostsDrill, type HostsPlan, type HostsRecord } from "../hosts/hosts-drill.js";
import * as figures from "../hosts/hosts-figures.js";
import type { SessionKey } from "../hosts/sessions.js";
import type { Findings, Scenario } from "../scenario.js";

const mix = {
  get: 50,
  post: 20,
  slow: 10,
  stream: 3,
  allowed: 8,
  allowedLate: 2,
  denied: 5,
  deniedLate: 2,
} as const;
/** Authorizers cannot judge by a field that names the user. */
const mixByUser = { get: 60, post: 22, slow: 13, stream: 5 } as const;

/** What happens to a host, and what may come of it. */
interface HostsEvent {
  readonly name: string;
  readonly plan: HostsPlan;
  readonly limits: Scenario["limits"];
}

/** Nothing that a client could notice. */
const unnoticed = { failed: 0, repeatedPosts: 0, moved: 0, notUsedAgain: 0, processesLeft: 0 } as const;

/** For how long a host drains, in s: HAProxy takes it out of use within 2.5 s. */
const DRAIN = 5;

const calm: HostsEvent = {
  name: "three hosts",
  plan: () => Promise.resolve(),
  limits: { ...unnoticed, unused: 0 },
};

/** The load balancer is told first, as nginx must be. */
const drained: HostsEvent = {
  name: "one drained at the load balancer, stopped and back",
  plan: async (drill) => {
    await drill.goOn(15);
    await drill.setUse(1, false);
    await drill.goOn(5);
    await drill.drain(1, 0);
    await drill.goOn(10);
    await drill.startAgain(1);
    await drill.setUse(1, true);
    await drill.areUsedAgain();
    await drill.goOn(10);
  },
  limits: unnoticed,
};

/** Only the host says that it drains. */
const drainedAlone: HostsEvent = {
  name: "one stopped by `tricorn stop --drain` alone, and back",
  plan: async (drill) => {
    await drill.goOn(15);
    await drill.drain(1, DRAIN);
    await drill.goOn(10);
    await drill.startAgain(1);
    await drill.areUsedAgain();
    await drill.goOn(10);
  },
  limits: unnoticed,
};

/** Nobody says anything to the load balancer: what a drain is for. A POST on a connection that closes meanwhile may fail. */
const stopped: HostsEvent = {
  name: "one stopped without a drain, and back",
  plan: async (drill) => {
    await drill.goOn(15);
    await drill.drain(1, 0);
    await drill.goOn(10);
    await drill.startAgain(1);
    await drill.areUsedAgain();
    await drill.goOn(10);
  },
  limits: { repeatedPosts: 0, moved: 0, notUsedAgain: 0, processesLeft: 0 },
};

const killed: HostsEvent = {
  name: "one killed (SIGKILL), and back",
  plan: async (drill) => {
    await drill.goOn(15);
    await drill.kill(2);
    await drill.goOn(15);
    await drill.startAgain(2);
    await drill.areUsedAgain();
    await drill.goOn(10);
  },
  limits: { failedBesideKill: 0, repeatedPosts: 0, moved: 0, notUsedAgain: 0, processesLeft: 0 },
};

/** One event after another, judged as a kill. */
function together(...events: readonly HostsEvent[]): HostsEvent {
  return {
    name: events.map(({ name }) => name).join("; "),
    plan: async (drill) => {
      for (const { plan } of events) await plan(drill);
    },
    limits: killed.limits,
  };
}

/** The short form: everything at once behind each load balancer. */
export function shortHostsScenarios(): Scenario[] {
  const load = { count: 600, rate: 80, workers: 1 };
  return [
    hostsScenario({ front: haproxyFront, event: together(drainedAlone, killed), key: "cookie", ...load }),
    hostsScenario({ front: nginxFront, event: together(drained, killed), key: "cookie", ...load }),
  ];
}

/** How long these drills are. */
export interface HostsLength {
  readonly calm?: number;
  readonly others?: number;
  readonly rate?: number;
}

/** Three hosts behind each load balancer. */
export function hostsScenarios({
  calm: most = 20_000,
  others = 6_000,
  rate = 150,
}: HostsLength = {}): Scenario[] {
  return [haproxyFront, nginxFront].flatMap((front) => {
    // nginx has no health checks.
    const drains = front === nginxFront ? [drained] : [drained, drainedAlone];
    const one = (event: HostsEvent, key: SessionKey = "cookie", count = others): Scenario =>
      hostsScenario({ front, event, key, count, rate });
    return [one(calm, "cookie", most), one(calm, "none")].concat(
      [...drains, stopped, killed].map((event) => one(event)),
      one(killed, "user"),
    );
  });
}

interface HostsScenario {
  readonly front: Front;
  readonly event: HostsEvent;
  readonly count: number;
  readonly rate: number;
  readonly key: SessionKey;
  readonly workers?: number;
}

/** One event behind one load balancer. */
export function hostsScenario({ front, event, count, rate, key, workers = 2 }: HostsScenario): Scenario {
  return {
    group: "hosts",
    name: `${front.name}, ${key === "none" ? "no sessions" : `sessions by ${key}`}: ${event.name}`,
    limits: event.limits,
    run: async ({ programs }) => {
      const load = { count, rate, mix: key === "user" ? mixByUser : mix };
      return findingsOf(await runHostsDrill({ front, key, ...load, workers, programs, plan: event.plan }));
    },
  };
}

function findingsOf({
  samples,
  moments,
  journals,
  activeOnKilled,
  left,
  commands,
  output,
  errorLog,
}: HostsRecord): Findings {
  const answers = figures.answersOf(samples);
  const failed = figures.failed(samples);
  const processes = left.flatMap(({ processes }) => processes);
  return {
    numbers: {
      requests: samples.length,
      failed,
      ...(activeOnKilled !== undefined && {
        activeOnKilled,
        begunAfterKill: figures.begunAfterKill(samples, moments),
        failedBesideKill: figures.failedBesideKill(samples, moments),
      }),
      ...journals,
      moved: figures.movedSessions(samples, moments),
      notUsedAgain: figures.notUsedAgain(samples, moments),
      unused: HOSTS - Object.keys(answers).length,
      processesLeft: processes.length,
    },
    facts: {
      answers,
      ...(errorLog.includes(" is DOWN") && { states: figures.statesIn(errorLog) }),
      ...(failed > 0 && { failures: failuresOf(samples) }),
      ...(commands.some(({ exitCode }) => exitCode !== 0) && { commands }),
      ...(processes.length > 0 && { processes }),
      ...(failed > 0 && {
        errorLog: errorLog.split("\n").slice(-30),
        output: output
          .split("\n")
          .filter((line) => !line.startsWith('{"level":30'))
          .slice(-10),
      }),
    },
  };
}
