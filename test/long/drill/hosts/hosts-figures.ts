import type { Sample } from "../ask.js";
import { failuresOf } from "../figures.js";
import type { HostMoment } from "./host-moment.js";

/** How long after a kill the load balancer may send a request on a connection that it has kept to that host; ms. */
const SLACK = 500;

/** Sessions that were answered by several hosts, unless one of those was down or drained meanwhile. */
export function movedSessions(samples: readonly Sample[], moments: readonly HostMoment[]): number {
  const affected = new Set(moments.map(({ host }) => String(host)));
  return [...hostsOfSessions(samples).values()].filter(
    (hosts) => hosts.size > 1 && !affected.has([...hosts][0]!),
  ).length;
}

/** The hosts of each session, in the order in which they have answered first. */
export function hostsOfSessions(samples: readonly Sample[]): ReadonlyMap<string, ReadonlySet<string>> {
  const hosts = new Map<string, Set<string>>();
  for (const { session, host } of samples) {
    if (session === undefined || host === undefined) continue;
    hosts.set(session, (hosts.get(session) ?? new Set<string>()).add(host));
  }
  return hosts;
}

/** How many requests each host has answered. */
export function answersOf(samples: readonly Sample[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { host } of samples) {
    if (host !== undefined) counts[`host ${host}`] = (counts[`host ${host}`] ?? 0) + 1;
  }
  return counts;
}

/** Hosts that came back, and have answered nothing since. */
export function notUsedAgain(samples: readonly Sample[], moments: readonly HostMoment[]): number {
  return moments.filter(
    ({ kind, at, host }) =>
      kind === "back" && !samples.some((sample) => sample.host === String(host) && sample.begun > at),
  ).length;
}

/** Failed requests that were not active when a host was killed. */
export function failedBesideKill(samples: readonly Sample[], moments: readonly HostMoment[]): number {
  const kills = moments.filter(({ kind }) => kind === "killed");
  return samples.filter(
    ({ begun, ended, judgement }) =>
      !judgement.isGood && !kills.some(({ at }) => begun <= at + SLACK && ended >= at),
  ).length;
}

/** Failed requests that began when a host was killed already, on a connection that the load balancer had kept to it. */
export function begunAfterKill(samples: readonly Sample[], moments: readonly HostMoment[]): number {
  const kills = moments.filter(({ kind }) => kind === "killed");
  return samples.filter(
    ({ begun, judgement }) => !judgement.isGood && kills.some(({ at }) => begun > at && begun <= at + SLACK),
  ).length;
}

/** All failed requests. */
export function failed(samples: readonly Sample[]): number {
  return Object.values(failuresOf(samples)).reduce((all, count) => all + count, 0);
}

/** What the health checks of HAProxy have found, in its words. */
export function statesIn(errorLog: string): readonly string[] {
  const states = errorLog
    .split("\n")
    .flatMap((line) => /Server (\S+\/\S+ is \w+.*?)(?:\. \d+ active.*)?$/.exec(line)?.[1] ?? []);
  return [...new Set(states)];
}
