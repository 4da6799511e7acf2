/** @import { RequestSummary } from "../views.js" */

/**
 * What the list is limited to; "" for no limit.
 *
 * @typedef {object} Filters
 * @property {string} path a part of the target
 * @property {string} role a role, or "none"
 * @property {string} status the first digit of a status, "denied", "failed" or "active"
 */

/**
 * @param {HTMLFormElement} form
 * @returns {Filters}
 */
export function filtersOf(form) {
  const data = new FormData(form);
  const read = (/** @type {string} */ name) => {
    const value = data.get(name);
    return typeof value === "string" ? value : "";
  };
  return { path: read("path").trim().toLowerCase(), role: read("role"), status: read("status") };
}

/**
 * @param {RequestSummary} request
 * @param {Filters} filters
 * @returns {boolean} whether the list shows the request
 */
export function matches({ target, roles, status, state }, filters) {
  if (!target.toLowerCase().includes(filters.path)) return false;
  if (filters.role === "none" && roles.length > 0) return false;
  if (filters.role !== "" && filters.role !== "none" && !roles.some(({ role }) => role === filters.role))
    return false;
  switch (filters.status) {
    case "":
      return true;
    case "active":
      return state === "active";
    case "denied":
      return roles.some(({ outcome }) => outcome === "denied");
    case "failed":
      return state === "incomplete" || roles.some(({ outcome }) => outcome === "failed");
    default:
      return String(status ?? "").startsWith(filters.status);
  }
}
