/** @import { RouteReport } from "../observed-status.js" */
import { element } from "./element.js";
import { counted, formatDuration } from "./formats.js";
import { section } from "./section.js";
import { visible } from "./visible.js";

/** Routes that are shown unless all are asked for. */
const FIRST = 12;

/**
 * What the table is sorted by.
 *
 * @typedef {"requests" | "failed" | "p50" | "p99"} RouteOrder
 */

/** @type {readonly { readonly order: RouteOrder, readonly title: string }[]} */
const COLUMNS = [
  { order: "requests", title: "Requests" },
  { order: "failed", title: "Failed" },
  { order: "p50", title: "p50" },
  { order: "p99", title: "p99" },
];

/**
 * @typedef {object} RoutesShown
 * @property {RouteOrder} order
 * @property {boolean} all
 */

/**
 * @param {readonly RouteReport[]} routes
 * @param {RoutesShown} shown
 * @returns {readonly Node[]}
 */
export function routesView(routes, { order, all }) {
  const sorted = routes.toSorted((a, b) => b[order] - a[order]);
  const rows = all ? sorted : sorted.slice(0, FIRST);
  const heads = COLUMNS.map((column) =>
    element("th", { scope: "col", "aria-sort": column.order === order ? "descending" : undefined }, [
      element("button", { type: "button", "data-order": column.order }, [column.title]),
    ]),
  );
  return section("routes", "Routes", [
    "since the master started",
    routes.length === 0
      ? element("p", { class: "note" }, ["No request has ended yet."])
      : element("table", {}, [
          element("thead", {}, [element("tr", {}, [element("th", { scope: "col" }, ["Route"]), ...heads])]),
          element("tbody", {}, rows.map(row)),
        ]),
    routes.length <= FIRST
      ? undefined
      : element("button", { type: "button", "data-all": "" }, [
          all ? `Show the first ${FIRST}` : `Show all ${counted(routes.length, "route")}`,
        ]),
  ]);
}

/**
 * @param {RouteReport} report
 * @returns {HTMLElement}
 */
function row({ role, route, requests, failed, p50, p99 }) {
  return element("tr", { "data-key": JSON.stringify([role, route]) }, [
    element("th", { scope: "row" }, [
      // Most routes are a responder's.
      ...(role === "responder" ? [] : [element("span", { class: `chip ${role}` }, [role]), " "]),
      element("span", { class: "target" }, [visible(route) || "no route"]),
    ]),
    element("td", {}, [requests.toLocaleString("en")]),
    element("td", { class: failed > 0 ? "bad" : "soft" }, [failed.toLocaleString("en")]),
    element("td", {}, [formatDuration(p50)]),
    element("td", {}, [formatDuration(p99)]),
  ]);
}
