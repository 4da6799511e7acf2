import type { Sample } from "./ask.js";
import type { KindName } from "./request-kinds.js";

/** Something that was done to the target while it served. Times are those of `performance.now()`. */
export type Moment =
  | { readonly kind: "reload"; readonly at: number; readonly release: number }
  | { readonly kind: "broken reload"; readonly at: number }
  /** The same processes were started, without taking over. */
  | { readonly kind: "control"; readonly at: number }
  | { readonly kind: "kill"; readonly at: number; readonly pid: number }
  | { readonly kind: "master killed"; readonly at: number }
  | { readonly kind: "next master"; readonly at: number }
  /** The log says where a worker spins. */
  | { readonly kind: "hang found"; readonly at: number; readonly after: number };

/** How long after a moment its effects are looked for; ms. */
const NEAR = 1_000;
/** How long nginx may take to notice that a worker is gone, to whose kept connections it sends requests until then; ms. */
const SLACK = 500;

/** Failed requests by kind and reason: `post http-502`. */
export function failuresOf(samples: readonly Sample[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind, judgement } of samples) {
    if (judgement.isGood) continue;
    const name = `${kind} ${judgement.why}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Answers that showed what only an allowed request may see. */
export function leaksOf(samples: readonly Sample[]): number {
  return samples.filter(({ judgement }) => !judgement.isGood && judgement.why.startsWith("LEAK")).length;
}

/** When as many processes of a release had answered as there are workers; undefined if they never did. */
export function allNewAt(
  samples: readonly Sample[],
  { release, workers, after }: AllNewOptions,
): number | undefined {
  const pids = new Set<number>();
  for (const { ended, judgement } of samples) {
    if (ended < after || !judgement.isGood || judgement.release !== release || judgement.pid === undefined)
      continue;
    pids.add(judgement.pid);
    if (pids.size === workers) return ended;
  }
  return undefined;
}

/** Which new processes are waited for. */
export interface AllNewOptions {
  readonly release: number;
  readonly workers: number;
  readonly after: number;
}

/** Answers by another release to requests that began when all workers had answered by the one of a reload. */
export function oldAfterAllNew(
  samples: readonly Sample[],
  moments: readonly Moment[],
  workers: number,
): number {
  let count = 0;
  for (const [index, moment] of moments.entries()) {
    if (moment.kind !== "reload") continue;
    const { release, at } = moment;
    const next = moments.slice(index + 1).find(({ kind }) => kind === "reload")?.at ?? Infinity;
    const allNew = allNewAt(samples, { release, workers, after: at });
    if (allNew === undefined) continue;
    count += samples.filter(
      ({ begun, judgement }) =>
        begun > allNew && begun < next && judgement.isGood && (judgement.release ?? release) !== release,
    ).length;
  }
  return count;
}

/** Releases that were brought in and that no answer came from. */
export function missingReleases(samples: readonly Sample[], moments: readonly Moment[]): number[] {
  const seen = new Set(samples.map(({ judgement }) => (judgement.isGood ? judgement.release : undefined)));
  return moments.flatMap((moment) =>
    moment.kind === "reload" && !seen.has(moment.release) ? [moment.release] : [],
  );
}

/** Failed requests that were not active when a process was killed. */
export function failedBesideKills(samples: readonly Sample[], moments: readonly Moment[]): number {
  const kills = moments.filter(({ kind }) => kind === "kill");
  return samples.filter(
    ({ begun, ended, judgement }) =>
      !judgement.isGood && !kills.some(({ at }) => begun <= at + SLACK && ended >= at - SLACK),
  ).length;
}

/** How long requests of a kind took that were due within a second after a moment of a kind; ms, ascending. */
export function timesNear(
  samples: readonly Sample[],
  moments: readonly Moment[],
  select: NearOptions,
): number[] {
  const times = moments.filter(({ kind }) => kind === select.moment).map(({ at }) => at);
  return samples
    .filter(({ kind, due }) => kind === select.request && times.some((at) => due >= at && due < at + NEAR))
    .map(({ due, ended }) => ended - due)
    .toSorted((a, b) => a - b);
}

/** Which requests near which moments. */
export interface NearOptions {
  readonly moment: Moment["kind"];
  readonly request: KindName;
}

/** The value that so many of 100 do not exceed; undefined of none. */
export function percentile(ascending: readonly number[], share: number): number | undefined {
  return ascending[Math.min(ascending.length - 1, Math.floor((ascending.length * share) / 100))];
}

/** The longest time without an answer that began within a second after a moment of a kind; ms. */
export function longestGap(
  samples: readonly Sample[],
  moments: readonly Moment[],
  kind: Moment["kind"],
): number {
  const times = moments.filter((moment) => moment.kind === kind).map(({ at }) => at);
  const ends = samples.map(({ ended }) => ended).toSorted((a, b) => a - b);
  let longest = 0;
  for (const [index, end] of ends.entries()) {
    const before = ends[index - 1] ?? end;
    if (times.some((at) => end >= at && before < at + NEAR)) longest = Math.max(longest, end - before);
  }
  return longest;
}

/** The share of each process in the answers, descending. */
export function sharesOf(samples: readonly Sample[]): number[] {
  const counts = new Map<number, number>();
  let all = 0;
  for (const { judgement } of samples) {
    if (!judgement.isGood || judgement.pid === undefined) continue;
    counts.set(judgement.pid, (counts.get(judgement.pid) ?? 0) + 1);
    all += 1;
  }
  return Array.from(counts.values(), (count) => count / all).toSorted((a, b) => b - a);
}

/** How long it took after each kill until a process answered that had not answered before; undefined if none did. */
export function timesToReplace(
  samples: readonly Sample[],
  moments: readonly Moment[],
): (number | undefined)[] {
  const first = new Map<number, number>();
  for (const { ended, judgement } of samples) {
    if (judgement.isGood && judgement.pid !== undefined && !first.has(judgement.pid))
      first.set(judgement.pid, ended);
  }
  const news = [...first.values()].toSorted((a, b) => a - b);
  let used = -1;
  return moments
    .filter(({ kind }) => kind === "kill")
    .map(({ at }) => {
      used = news.findIndex((time, index) => index > used && time > at);
      if (used < 0) used = news.length;
      const time = news[used];
      return time === undefined ? undefined : time - at;
    });
}
