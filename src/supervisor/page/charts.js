/** @import { HistoryPoint } from "../observed-status.js" */
/** @import { Chart } from "./chart.js" */
import { formatBytes, formatDuration } from "./formats.js";
import { INTERVAL, sum } from "./history.js";

const MIB = 1024 ** 2;
/** Points whose mean is the rate of now: ten seconds. */
const NOW = 5;

/**
 * @param {readonly HistoryPoint[]} points of five minutes, oldest first
 * @returns {readonly Chart[]}
 */
export function chartsOf(points) {
  const times = points.map(({ at }) => at);
  return [requests, latency, active, lag, memory].map((chart) => Object.assign(chart(points), { times }));
}

/**
 * @param {readonly HistoryPoint[]} points
 * @returns {Omit<Chart, "times">}
 */
function requests(points) {
  const recent = points.slice(-NOW);
  const reading = (
    /** @type {readonly HistoryPoint[]} */ some,
    /** @type {readonly HistoryPoint[]} */ noted,
  ) => ({
    value: `${formatRate(sum(some.map(({ requests }) => requests)) / (INTERVAL * Math.max(1, some.length)))}/s`,
    note: `${sum(noted.map(({ failed }) => failed))} failed, ${sum(noted.map(({ refused }) => refused))} refused`,
  });
  return {
    key: "requests",
    title: "Requests",
    now: reading(recent, points),
    format: formatRate,
    series: [
      { tone: "main", isArea: true, values: points.map(({ requests }) => requests / INTERVAL) },
      { tone: "second", values: points.map(({ refused }) => refused / INTERVAL) },
      { tone: "bad", values: points.map(({ failed }) => failed / INTERVAL) },
    ],
    read: (at) => reading(points.slice(at, at + 1), points.slice(at, at + 1)),
  };
}

/**
 * @param {readonly HistoryPoint[]} points
 * @returns {Omit<Chart, "times">}
 */
function latency(points) {
  const reading = (/** @type {HistoryPoint | undefined} */ point) =>
    point?.p50 == null ? "–" : `${formatKnown(point.p50)} · ${formatKnown(point.p99)}`;
  const longest = points.flatMap(({ p99 }) => p99 ?? []);
  return {
    key: "latency",
    title: "Latency, p50 · p99",
    now: {
      value: reading(points.slice(-NOW).findLast(({ p50 }) => p50 !== null)),
      note: longest.length === 0 ? "no request yet" : `at most ${formatDuration(Math.max(...longest))}`,
    },
    format: formatTime,
    series: [
      { tone: "second", values: points.map(({ p99 }) => p99) },
      { tone: "main", values: points.map(({ p50 }) => p50) },
    ],
    read: (at) => ({ value: reading(points[at]), note: "" }),
  };
}

/**
 * @param {readonly HistoryPoint[]} points
 * @returns {Omit<Chart, "times">}
 */
function active(points) {
  const values = points.map(({ active }) => active);
  return area({ key: "active", title: "Active", values, formatValue: (value) => value.toLocaleString("en") });
}

/**
 * @param {readonly HistoryPoint[]} points
 * @returns {Omit<Chart, "times">}
 */
function lag(points) {
  const values = points.map(({ lag }) => lag);
  return area({
    key: "lag",
    title: "Event loop lag",
    values,
    format: formatTime,
    formatValue: formatDuration,
  });
}

/**
 * @param {readonly HistoryPoint[]} points
 * @returns {Omit<Chart, "times">}
 */
function memory(points) {
  const values = points.map(({ rss }) => rss / MIB);
  const format = (/** @type {number} */ value) => `${formatRate(value)} MiB`;
  return area({
    key: "memory",
    title: "Memory of all",
    values,
    format,
    formatValue: (value) => formatBytes(value * MIB),
  });
}

/**
 * @param {object} facts
 * @param {string} facts.key
 * @param {string} facts.title
 * @param {readonly number[]} facts.values
 * @param {(value: number) => string} [facts.format] for the axis
 * @param {(value: number) => string} facts.formatValue
 * @returns {Omit<Chart, "times">} a chart of one series
 */
function area({ key, title, values, format = formatRate, formatValue }) {
  return {
    key,
    title,
    now: { value: formatValue(values.at(-1) ?? 0), note: `at most ${formatValue(Math.max(0, ...values))}` },
    format,
    series: [{ tone: "main", isArea: true, values }],
    read: (at) => ({ value: formatValue(values[at] ?? 0), note: "" }),
  };
}

/**
 * @param {number} rate
 * @returns {string} "0.4", "42", "1,200"
 */
function formatRate(rate) {
  return rate.toLocaleString("en", { maximumFractionDigits: rate < 10 ? 1 : 0 });
}

/**
 * @param {number} value ms
 * @returns {string} for an axis: "0", "20 ms", "2 s"
 */
function formatTime(value) {
  if (value === 0) return "0";
  return value < 1000 ? `${formatRate(value)} ms` : `${formatRate(value / 1000)} s`;
}

/**
 * @param {number | null | undefined} value ms
 * @returns {string}
 */
function formatKnown(value) {
  return value == null ? "–" : formatDuration(value);
}
