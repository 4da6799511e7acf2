/** @import { Status } from "../status.js" */
/** @import { ActiveRequest } from "../reports.js" */
import { formatAge } from "./ages.js";
import { element } from "./element.js";
import { counted } from "./formats.js";
import { sum } from "./history.js";
import { section } from "./section.js";
import { visible } from "./visible.js";

/** Groups that are shown, and requests of one. */
const MOST_GROUPS = 12;
const MOST_REQUESTS = 50;

/** @typedef {ActiveRequest & { readonly slot: number, readonly pid: number }} PlacedRequest */

/**
 * Active requests that do the same: of one route, or of one path without a route, at the same place.
 *
 * @typedef {object} ActiveGroup
 * @property {string} key
 * @property {string} role
 * @property {string} label
 * @property {string} route "" without one
 * @property {string | undefined} standsAt
 * @property {readonly PlacedRequest[]} requests the oldest first
 * @property {number} oldest ms
 */

/**
 * @param {Status} status
 * @returns {readonly ActiveGroup[]} that with the oldest request first
 */
export function groupActive({ workers }) {
  /** @type {Map<string, PlacedRequest[]>} */
  const groups = new Map();
  for (const { slot, pid, statistics } of workers) {
    for (const request of statistics?.active ?? []) {
      const key = JSON.stringify([request.role, labelOf(request), request.standsAt]);
      const group = groups.get(key) ?? [];
      groups.set(key, group);
      group.push({ ...request, slot, pid });
    }
  }
  return Array.from(groups, ([key, requests]) => {
    requests.sort((a, b) => b.age - a.age);
    const first = /** @type {PlacedRequest} */ (requests[0]);
    const { role, route = "", standsAt, age: oldest } = first;
    return { key, role, label: labelOf(first), route, standsAt, requests, oldest };
  }).sort((a, b) => b.oldest - a.oldest);
}

/**
 * @param {ActiveRequest} request
 * @returns {string} its route, or its method and path
 */
export function labelOf({ route, method, path }) {
  return visible(route || `${method} ${path}`.trim()) || "Params that have not ended";
}

/**
 * @param {Status} status
 * @returns {readonly Node[]} what the workers do now
 */
export function activeView(status) {
  const groups = groupActive(status);
  const total = sum(status.workers.map(({ statistics }) => statistics?.activeCount ?? 0));
  const left = groups.length - MOST_GROUPS;
  return section("active", "Active now", [
    total === 0 ? undefined : counted(total, "request"),
    total === 0
      ? element("p", { class: "note" }, ["No request is active."])
      : element("ol", { class: "groups" }, groups.slice(0, MOST_GROUPS).map(groupView)),
    left > 0 ? element("p", { class: "note" }, [`and ${left} more`]) : undefined,
  ]);
}

/**
 * @param {ActiveGroup} group
 * @returns {HTMLElement}
 */
function groupView({ key, role, label, standsAt, requests, oldest }) {
  const shown = requests.slice(0, MOST_REQUESTS);
  const left = requests.length - shown.length;
  const summary = [
    element("span", { class: "count", title: "active requests" }, [`${requests.length}×`]),
    element("span", { class: `chip ${role}` }, [role]),
    element("span", { class: "target" }, [label]),
    element("span", { class: "age", title: "the oldest" }, [formatAge(oldest)]),
    standsAt === undefined
      ? undefined
      : element("span", { class: "stands" }, ["stands at ", element("b", {}, [visible(standsAt)])]),
  ];
  return element("li", { "data-key": key }, [
    element("details", {}, [
      element("summary", {}, summary),
      element("ol", { class: "requests" }, [
        ...shown.map(({ method, path, age, slot, pid }) =>
          element("li", {}, [
            element("span", { class: "age" }, [formatAge(age)]),
            element("span", { class: "target" }, [visible(`${method} ${path}`)]),
            element("span", { class: "soft" }, [`slot ${slot}, pid ${pid}`]),
          ]),
        ),
        left > 0 ? element("li", { class: "soft" }, [`and ${left} more`]) : undefined,
      ]),
    ]),
  ]);
}
