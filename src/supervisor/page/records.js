/** @import { Status } from "../status.js" */
/** @import { ObservedStatus, SlowRequest } from "../observed-status.js" */
import { formatAge, formatMoment } from "./ages.js";
import { element } from "./element.js";
import { counted, formatBytes } from "./formats.js";
import { aboutRefusal } from "./refusals.js";
import { section } from "./section.js";
import { visible } from "./visible.js";

/**
 * @param {ObservedStatus} observed
 * @param {number} now
 * @returns {readonly Node[]} the slow requests, the newest first
 */
export function slowView({ slow }, now) {
  return section("slow", "Slow requests", [
    slow.length === 0 ? undefined : "the newest first",
    slow.length === 0
      ? element("p", { class: "note" }, ["No request took long."])
      : element(
          "ol",
          { class: "list" },
          slow.toReversed().map((request) => slowItem(request, now)),
        ),
  ]);
}

/**
 * @param {SlowRequest} request
 * @param {number} now
 * @returns {HTMLElement}
 */
function slowItem({ id, worker, role, method, path, startedAt, duration, status, standsAt }, now) {
  const hasFailed = status !== undefined && status >= 500;
  return element("li", { "data-key": id }, [
    element("p", {}, [
      element("b", { class: "age" }, [formatAge(duration)]),
      element("span", { class: `chip ${role}` }, [role]),
      element("span", { class: "target" }, [visible(`${method} ${path}`)]),
      element("span", { class: hasFailed ? "mark bad" : "soft" }, [
        status === undefined ? "no answer" : String(status),
      ]),
    ]),
    standsAt === undefined
      ? undefined
      : element("p", { class: "stands" }, ["stood at ", element("b", {}, [visible(standsAt)])]),
    element("p", { class: "soft" }, [`from ${formatMoment(startedAt, now)}, pid ${worker}, id ${id}`]),
  ]);
}

/**
 * @param {ObservedStatus} observed
 * @returns {readonly Node[]} what was refused, by its code
 */
export function refusalsView({ refusals }) {
  const codes = Object.entries(refusals).toSorted(([, a], [, b]) => b - a);
  return section("refusals", "Refusals", [
    codes.length === 0 ? undefined : "since the master started",
    codes.length === 0
      ? element("p", { class: "note" }, ["No request was refused."])
      : element(
          "ol",
          { class: "list" },
          codes.map(([code, count]) =>
            element("li", { "data-key": code }, [
              element("p", {}, [
                element("b", { class: "age" }, [count.toLocaleString("en")]),
                element("code", {}, [code]),
              ]),
              element("p", { class: "soft" }, [aboutRefusal(code)]),
            ]),
          ),
        ),
  ]);
}

/**
 * @param {Status} status
 * @returns {readonly Node[]} the last reloads, the newest first
 */
export function reloadsView({ lastReloads, at }) {
  return section("reloads", "Reloads", [
    lastReloads.length === 0 ? undefined : "the newest first",
    lastReloads.length === 0
      ? element("p", { class: "note" }, ["The program was not reloaded."])
      : element(
          "ol",
          { class: "list" },
          lastReloads
            .toReversed()
            .map(({ startedAt, took, generation, replaced, failure }) =>
              element("li", { "data-key": String(generation) }, [
                element("p", {}, [
                  element("span", { class: failure === undefined ? "mark good" : "mark bad" }, [
                    failure === undefined ? "ok" : "failed",
                  ]),
                  element("span", {}, [`Generation ${generation}`]),
                  element("span", { class: "soft" }, [formatMoment(startedAt, at)]),
                ]),
                element("p", { class: "soft" }, [
                  `${counted(replaced, "worker")} replaced in ${formatAge(took)}${failure === undefined ? "" : `; ${failure.sentence}`}`,
                ]),
              ]),
            ),
        ),
  ]);
}

/**
 * @param {Status} status
 * @returns {readonly Node[]} the last workers that ended, the newest first
 */
export function endsView({ lastEnds, at }) {
  return section("ends", "Workers that ended", [
    lastEnds.length === 0 ? undefined : "the newest first",
    lastEnds.length === 0
      ? element("p", { class: "note" }, ["None has crashed, was killed or was recycled."])
      : element(
          "ol",
          { class: "list" },
          lastEnds
            .toReversed()
            .map(({ at: endedAt, pid, slot, age, how, why, code, signal }) =>
              element("li", { "data-key": `${pid}/${endedAt}` }, [
                element("p", {}, [
                  element("span", { class: how === "left" && code === 0 ? "mark" : "mark bad" }, [how]),
                  element("span", {}, [why === undefined ? exitOf({ code, signal }) : (WHYS[why] ?? why)]),
                  element("span", { class: "soft" }, [formatMoment(endedAt, at)]),
                ]),
                element("p", { class: "soft" }, [
                  `Slot ${slot}, pid ${pid}, after ${formatAge(age)}${why === undefined ? "" : `, ${exitOf({ code, signal })}`}`,
                ]),
              ]),
            ),
        ),
  ]);
}

/** Why a worker was asked to leave. */
const WHYS = /** @type {Readonly<Record<string, string>>} */ ({
  reload: "replaced by a reload",
  requests: "recycled: its requests",
  memory: "recycled: its memory",
  age: "recycled: its age",
  disconnected: "it closed its channel to the master",
  stop: "the master stops",
  itself: "by itself, after an error that nothing has caught",
});

/**
 * @param {{ readonly code: number | null, readonly signal: string | null }} end
 * @returns {string}
 */
function exitOf({ code, signal }) {
  return signal ?? (code === null ? "it could not be started" : `exit code ${code}`);
}

/**
 * @param {ObservedStatus} observed
 * @returns {readonly Node[]}
 */
export function totalsView({ totals }) {
  const { requests, failed, aborted, refused, allowed, denied, protocolErrors, bytesIn, bytesOut } = totals;
  const facts = {
    Requests: requests,
    Failed: failed,
    "Aborted by the Web server": aborted,
    Refused: refused,
    "Allowed by authorizers": allowed,
    "Denied by authorizers": denied,
    "Protocol errors": protocolErrors,
    Received: formatBytes(bytesIn),
    Sent: formatBytes(bytesOut),
  };
  const rows = Object.entries(facts).map(([name, value]) =>
    element("div", {}, [element("dt", {}, [name]), element("dd", {}, [value.toLocaleString("en")])]),
  );
  return section("totals", "Totals", ["since the master started", element("dl", { class: "totals" }, rows)]);
}
