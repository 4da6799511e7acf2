/** @import { Status } from "../status.js" */
import { counted } from "./formats.js";

/**
 * How the master and its workers are, in one look.
 *
 * @typedef {object} Verdict
 * @property {"good" | "busy" | "warn" | "bad"} tone
 * @property {string} headline without figures that change all the time: screen readers read each change
 */

/**
 * @param {Status} status
 * @returns {Verdict}
 */
export function judge(status) {
  const { workers, wanted, isStopping, drainEndsAt } = status;
  const serving = workers.filter(({ state }) => state === "ready");
  const answering = serving.filter(({ statistics }) => statistics !== undefined);
  if (isStopping) return { tone: "warn", headline: "Stopping" };
  if (serving.length === 0) return { tone: "bad", headline: "No worker serves" };
  if (answering.length === 0) return { tone: "bad", headline: "No worker answers" };
  if (drainEndsAt !== undefined) return { tone: "busy", headline: "Draining: it serves on, then it stops" };
  if (isReloading(status)) return { tone: "busy", headline: "Reloading" };
  const missing = wanted - serving.length;
  if (missing > 0) return { tone: "warn", headline: `${missing} of ${counted(wanted, "worker")} missing` };
  const silent = serving.length - answering.length;
  if (silent > 0)
    return {
      tone: "warn",
      headline: `${silent} of ${counted(wanted, "worker")} ${silent === 1 ? "does" : "do"} not answer`,
    };
  return { tone: "good", headline: "Serving" };
}

/**
 * @param {Status} status
 * @returns {boolean} whether workers belong to a reload that has not ended
 */
export function isReloading({ workers, lastReloads }) {
  const ended = lastReloads.at(-1)?.generation ?? 0;
  return workers.some(({ generation }) => generation > ended);
}
