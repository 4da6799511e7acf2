/** @import { RequestSummary, RoleSummary } from "../views.js" */
import { element } from "./element.js";
import { formatDuration } from "./formats.js";
import { roleTitle } from "./words.js";

/**
 * @param {RequestSummary} request
 * @returns {HTMLLIElement} the request in the list: a link that opens it
 */
export function listItem(request) {
  const { number, method, target, duration, hasStderr, replayOf } = request;
  const time = new Date(request.date);
  const facts = [
    ...request.roles.map(roleChip),
    hasStderr ? element("span", { class: "chip stderr" }, ["STDERR"]) : undefined,
    replayOf === undefined ? undefined : element("span", { class: "soft" }, [`replay of #${replayOf}`]),
    element("time", { class: "clock", datetime: time.toISOString() }, [time.toLocaleTimeString("en-GB")]),
  ];
  return element("li", { value: number }, [
    element("a", { href: `#${number}`, class: "request" }, [
      statusMark(request),
      element("span", { class: "target" }, [element("b", {}, [method]), " ", target]),
      element("span", { class: "duration" }, [duration === undefined ? "…" : formatDuration(duration)]),
      element("span", { class: "facts" }, facts),
    ]),
  ]);
}

/**
 * @param {RequestSummary} request
 * @returns {HTMLElement} its status as a coloured mark
 */
export function statusMark({ status, state }) {
  if (state === "active") return element("span", { class: "status active" }, ["active"]);
  if (status === undefined || state === "incomplete") {
    const text = status === undefined ? "none" : `${status} cut`;
    return element("span", { class: "status s5", title: "The response is incomplete" }, [text]);
  }
  return element("span", { class: `status s${String(status)[0]}` }, [String(status)]);
}

/**
 * @param {RoleSummary} summary
 * @returns {HTMLElement} a role and what came of it
 */
export function roleChip(summary) {
  return element("span", { class: chipClass(summary) }, [`${roleTitle(summary.role)} ${resultOf(summary)}`]);
}

/**
 * @param {RoleSummary} summary
 * @returns {HTMLElement} what came of a role
 */
export function resultChip(summary) {
  return element("span", { class: chipClass(summary) }, [resultOf(summary)]);
}

/**
 * @param {RoleSummary} summary
 * @returns {string}
 */
function chipClass({ role, outcome }) {
  return `chip ${role}${outcome === "denied" || outcome === "failed" ? " bad" : ""}`;
}

/**
 * @param {RoleSummary} summary
 * @returns {string}
 */
function resultOf({ outcome, status }) {
  const results = {
    asked: "asked",
    allowed: "allowed",
    denied: `denied ${status ?? ""}`,
    responded: String(status ?? ""),
    failed: "failed",
  };
  return results[outcome];
}
