/** @import { Status } from "../status.js" */
/** @import { WorkerReport } from "../reports.js" */
import { labelOf } from "./active.js";
import { formatAge } from "./ages.js";
import { element } from "./element.js";
import { counted, formatBytes, formatDuration } from "./formats.js";
import { section } from "./section.js";
import { visible } from "./visible.js";

/** An event loop that stands still for longer is marked; ms. */
const LONG_LAG = 200;

/**
 * @param {Status} status
 * @returns {readonly Node[]}
 */
export function workersView(status) {
  const { workers, wanted, at } = status;
  const slots = new Set(workers.map(({ slot }) => slot));
  const missing = Array.from({ length: wanted }, (_, slot) => slot).filter((slot) => !slots.has(slot));
  const cards = [...workers.map((worker) => workerView(worker, at)), ...missing.map(missingView)];
  return section("workers", "Workers", [
    `${counted(workers.filter(({ state }) => state === "ready").length, "worker")} of ${wanted} ready`,
    element("ol", { class: "workers" }, cards),
  ]);
}

/**
 * @param {WorkerReport} worker
 * @param {number} at
 * @returns {HTMLElement}
 */
function workerView({ pid, slot, state, generation, startedAt, statistics }, at) {
  const hasHung = state === "ready" && statistics === undefined;
  const tone = hasHung ? "bad" : state === "ready" ? "good" : state === "killed" ? "bad" : "busy";
  return element("li", { class: `worker ${tone}`, "data-key": `${slot}/${pid}` }, [
    element("header", {}, [
      element("h4", {}, [`Slot ${slot}`]),
      element("span", { class: "mark" }, [hasHung ? "does not answer" : state]),
      element("span", { class: "soft" }, [`pid ${pid}`]),
    ]),
    element("dl", {}, [
      fact("Age", formatAge(at - startedAt)),
      fact("Generation", String(generation)),
      ...(statistics === undefined ? [] : statisticsFacts(statistics)),
    ]),
    doing(statistics),
  ]);
}

/**
 * @param {NonNullable<WorkerReport["statistics"]>} statistics
 * @returns {readonly HTMLElement[]}
 */
function statisticsFacts({ rss, requests, refusals, connections, lag }) {
  return [
    fact("Memory", formatBytes(rss)),
    fact("Requests", requests.toLocaleString("en")),
    ...(lag === undefined ? [] : [fact("Lag", formatDuration(lag), lag > LONG_LAG ? "bad" : undefined)]),
    fact("Connections", connections.toLocaleString("en")),
    ...(refusals === 0 ? [] : [fact("Refused", refusals.toLocaleString("en"))]),
  ];
}

/**
 * @param {WorkerReport["statistics"]} statistics
 * @returns {HTMLElement} the oldest request, and how many there are
 */
function doing(statistics) {
  const oldest = statistics?.active[0];
  if (statistics === undefined || oldest === undefined) {
    const text = statistics === undefined ? "What it does is not known" : "No request";
    return element("p", { class: "doing soft" }, [text]);
  }
  const more = statistics.activeCount - 1;
  return element("p", { class: "doing" }, [
    element("span", { class: "age" }, [formatAge(oldest.age)]),
    element("span", { class: "target", title: visible(`${oldest.method} ${oldest.path}`) }, [
      labelOf(oldest),
    ]),
    more === 0 ? undefined : element("span", { class: "soft" }, [`+ ${more}`]),
  ]);
}

/**
 * @param {number} slot
 * @returns {HTMLElement}
 */
function missingView(slot) {
  return element("li", { class: "worker bad", "data-key": `${slot}/` }, [
    element("header", {}, [
      element("h4", {}, [`Slot ${slot}`]),
      element("span", { class: "mark" }, ["missing"]),
    ]),
    element("p", { class: "doing soft" }, ["The next worker starts after a delay"]),
  ]);
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} [tone]
 * @returns {HTMLElement}
 */
function fact(name, value, tone) {
  return element("div", { class: tone }, [element("dt", {}, [name]), element("dd", {}, [value])]);
}
