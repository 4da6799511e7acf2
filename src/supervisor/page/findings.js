/** @import { Status } from "../status.js" */
import { formatAge, formatMoment } from "./ages.js";
import { groupActive } from "./active.js";
import { counted, formatDuration } from "./formats.js";
import { isReloading } from "./judge.js";
import { aboutRefusal } from "./refusals.js";
import { visible } from "./visible.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** For how long an end or a failure is worth a look; ms. */
const RECENT = 10 * MINUTE;
/** Requests that have been active for longer may hang, unless their route is known to be slow; ms. */
const LONG = 10 * SECOND;
/** An event loop that stands still for so long delays all requests of its worker; ms. */
const LONG_LAG = 500;
/** Parts of the requests that may fail without being mentioned, and that are bad. */
const FEW = 0.01;
const MANY = 0.05;
/** So many short lives are a loop. */
const LOOP = 3;
/** A worker that has run for less has not served; ms. */
const SHORT_LIFE = 10 * SECOND;

/**
 * Something that is not as it should be, and where to look for the cause.
 *
 * @typedef {object} Finding
 * @property {string} key
 * @property {"warn" | "bad"} tone
 * @property {string} what
 * @property {string} where
 */

/**
 * @param {Status} status
 * @returns {readonly Finding[]} the worst first
 */
export function findingsOf(status) {
  const found = [
    silentWorkers(status),
    endingWorkers(status),
    failedReload(status),
    hangingRequests(status),
    failures(status),
    refusals(status),
    recycledWorkers(status),
    lag(status),
  ].filter((finding) => finding !== undefined);
  return found.sort((a, b) => Number(b.tone === "bad") - Number(a.tone === "bad"));
}

/**
 * @param {Status} status
 * @returns {Finding | undefined}
 */
function silentWorkers({ workers }) {
  const silent = workers.filter(({ state, statistics }) => state === "ready" && statistics === undefined);
  if (silent.length === 0) return undefined;
  const pids = silent.map(({ pid }) => pid).join(", ");
  return {
    key: "silent",
    tone: "bad",
    what: `${counted(silent.length, "worker")} (pid ${pids}) did not answer within 1 s: an event loop stands still.`,
    where:
      "A handler computes or calls something that blocks. After 7 s the master kills the worker and logs “Killed a worker”; with --hang-report the log has the stack.",
  };
}

/**
 * @param {Status} status
 * @returns {Finding | undefined}
 */
function endingWorkers(status) {
  const ends = recentEnds(status).filter(
    ({ how }) => how === "crashed" || how === "not started" || how === "killed",
  );
  const itself = recentEnds(status).filter(({ how, why }) => how === "left" && why === "itself");
  const all = [...ends, ...itself].sort((a, b) => a.at - b.at);
  const last = all.at(-1);
  if (last === undefined) return undefined;
  const short = all.filter(({ age }) => age < SHORT_LIFE);
  const exit = exitOf(last);
  const isLoop = short.length >= LOOP;
  const what = isLoop
    ? `Workers end as soon as they start: ${short.length} in the last 10 min, the last one ${formatAge(status.at - last.at)} ago${exit}.`
    : `${counted(all.length, "worker")} ended unasked in the last 10 min, the last one ${formatAge(status.at - last.at)} ago${exit}.`;
  return {
    key: "ends",
    tone: isLoop ? "bad" : "warn",
    what,
    where: `What it printed is in the log of the master: lines with "pid":${last.pid}.`,
  };
}

/**
 * @param {Status} status
 * @returns {Finding | undefined}
 */
function failedReload(status) {
  const { workers, lastReloads, at } = status;
  const last = lastReloads.at(-1);
  if (last?.failure === undefined || isReloading(status)) return undefined;
  const old = workers.filter(({ generation }) => generation < last.generation).length;
  const serves =
    last.replaced === 0
      ? "the old version serves on"
      : `${last.replaced} of ${workers.length} workers have the new version, ${old} the old one`;
  return {
    key: "reload",
    tone: "bad",
    what: `The reload at ${formatMoment(last.startedAt, at)} failed: ${serves}.`,
    where:
      "Why is not shown here, because it may quote a secret: the log has it after “Cannot reload”, and so has “tricorn status”.",
  };
}

/**
 * @param {Status} status
 * @returns {Finding | undefined}
 */
function hangingRequests(status) {
  const usual = new Map(status.observed?.routes.map(({ route, p99 }) => [route, p99]));
  const [first, ...others] = groupActive(status).filter(
    ({ oldest, route }) => oldest > Math.max(LONG, 3 * (usual.get(route) ?? 0)),
  );
  if (first === undefined) return undefined;
  const { label, requests, oldest, standsAt } = first;
  const more = others.length === 0 ? "" : ` So are those of ${counted(others.length, "more route")}.`;
  return {
    key: "hanging",
    tone: "warn",
    what: `${counted(requests.length, "request")} of ${label} ${requests.length === 1 ? "is" : "are"} active, the oldest for ${formatAge(oldest)}.${more}`,
    where:
      standsAt === undefined
        ? "The handler waits for something. A slow log shows at which await it stands."
        : `The handler stands at ${visible(standsAt)}.`,
  };
}

/**
 * @param {Status} status
 * @returns {Finding | undefined}
 */
function failures({ observed }) {
  const { failed = 0, requests = 0 } = observed?.lastMinute ?? {};
  const share = failed / requests;
  if (!(share >= FEW)) return undefined;
  const worst = observed?.routes.toSorted((a, b) => b.failed - a.failed)[0];
  return {
    key: "failures",
    tone: share >= MANY ? "bad" : "warn",
    what: `${failed.toLocaleString("en")} of ${counted(requests, "request")} failed in the last minute.`,
    where: `The log has an error for each.${worst === undefined || worst.failed === 0 ? "" : ` Most since the start: ${visible(worst.route) || "without a route"}.`}`,
  };
}

/**
 * @param {Status} status
 * @returns {Finding | undefined}
 */
function refusals({ observed }) {
  const { refused = 0 } = observed?.lastMinute ?? {};
  if (refused === 0) return undefined;
  const [most] = Object.entries(observed?.refusals ?? {}).toSorted(([, a], [, b]) => b - a);
  return {
    key: "refusals",
    tone: "warn",
    what: `${counted(refused, "request")} ${refused === 1 ? "was" : "were"} refused in the last minute.`,
    where: most === undefined ? "" : `Most since the start: ${most[0]}, ${aboutRefusal(most[0])}`,
  };
}

/**
 * @param {Status} status
 * @returns {Finding | undefined}
 */
function recycledWorkers(status) {
  const recycled = recentEnds(status).filter(({ why }) => why === "memory");
  if (recycled.length === 0) return undefined;
  const times = recycled.length === 1 ? "A worker was" : `${recycled.length} workers were`;
  return {
    key: "recycled",
    tone: "warn",
    what: `${times} replaced because of ${recycled.length === 1 ? "its" : "their"} memory in the last 10 min.`,
    where: `They ran for ${formatAge(Math.min(...recycled.map(({ age }) => age)))} at least. Memory that grows with the requests is a leak: take a heap snapshot, or raise --recycle-memory if that much is needed.`,
  };
}

/**
 * @param {Status} status
 * @returns {Finding | undefined}
 */
function lag({ observed }) {
  const longest = observed?.lastMinute.lag ?? 0;
  if (longest < LONG_LAG) return undefined;
  return {
    key: "lag",
    tone: "warn",
    what: `An event loop stood still for ${formatDuration(longest)} in the last minute.`,
    where: "Something computes or blocks, and all requests of its worker wait meanwhile.",
  };
}

/**
 * @param {Status} status
 * @returns {Status["lastEnds"]}
 */
function recentEnds({ lastEnds, at }) {
  return lastEnds.filter((end) => at - end.at < RECENT);
}

/**
 * @param {Status["lastEnds"][number]} end
 * @returns {string} how a process ended: ", with code 1"
 */
function exitOf({ code, signal }) {
  if (signal !== null) return `, by ${signal}`;
  return code === null ? "" : `, with code ${code}`;
}
