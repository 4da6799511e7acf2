import { formatClock } from "./ages.js";
import { element } from "./element.js";
import { SPAN } from "./history.js";

/** The size of the drawing, which is stretched to that of its place. */
const WIDTH = 300;
const HEIGHT = 100;

/**
 * @typedef {object} Series
 * @property {string} tone of its line: "main", "second" or "bad"
 * @property {boolean} [isArea]
 * @property {readonly (number | null)[]} values one for each time; null if there is none
 */

/** @typedef {{ readonly value: string, readonly note: string }} Reading */

/**
 * @typedef {object} Chart
 * @property {string} key
 * @property {string} title
 * @property {Reading} now what it shows of now
 * @property {readonly number[]} times ms since 1970
 * @property {readonly Series[]} series
 * @property {(value: number) => string} format for the axis
 * @property {(at: number) => Reading} read what it shows at a position
 */

/**
 * @param {Chart} chart
 * @param {number | undefined} cursor the position that is read
 * @returns {HTMLElement}
 */
export function chartView(chart, cursor) {
  const { key, title, times, series, format } = chart;
  const values = series.flatMap(({ values }) => values.filter((value) => value !== null));
  const top = roundUp(Math.max(0, ...values));
  const last = times.length - 1;
  const at = Math.min(cursor ?? last, last);
  const scale = scaleOf(times, top);
  const lines = series.flatMap(({ values, tone, isArea = false }) => [
    isArea ? svg("path", { class: `area ${tone}`, d: areaOf(values, scale) }) : undefined,
    svg("path", { class: `line ${tone}`, d: lineOf(values, scale) }),
  ]);
  const x = scale.x(at).toFixed(1);
  const clock = formatClock(times[at] ?? 0);
  const { value, note } = chart.read(at);
  const place = {
    class: "plot",
    tabindex: 0,
    role: "slider",
    "aria-label": `${title} in the last five minutes`,
    "aria-readonly": "true",
    "aria-valuemin": 0,
    "aria-valuemax": Math.max(last, 0),
    "aria-valuenow": Math.max(at, 0),
    "aria-valuetext": [clock, value, note].join(" ").trim(),
  };
  return element("figure", { class: "chart", "data-key": key }, [
    element("figcaption", {}, [
      element("span", { class: "title" }, [title]),
      element("b", {}, [cursor === undefined ? chart.now.value : value]),
      cursor === undefined
        ? element("span", { class: "soft" }, [chart.now.note])
        : element("span", { class: "read" }, [`${clock}  ${note}`]),
    ]),
    element("div", { class: "axis", "aria-hidden": "true" }, [
      element("span", {}, [format(top)]),
      element("span", {}, [format(0)]),
    ]),
    element("div", place, [
      svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, [
        svg("path", { class: "grid", d: `M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT}H${WIDTH}` }),
        ...lines,
        cursor === undefined ? undefined : svg("path", { class: "cursor", d: `M${x} 0V${HEIGHT}` }),
      ]),
    ]),
    element("div", { class: "times", "aria-hidden": "true" }, [
      element("span", {}, ["5 min ago"]),
      element("span", {}, ["now"]),
    ]),
  ]);
}

/**
 * @param {readonly number[]} times
 * @param {number} fraction of the width
 * @returns {number} the position of the time that is nearest to it
 */
export function positionAt(times, fraction) {
  const wanted = (times.at(-1) ?? 0) - SPAN * (1 - fraction);
  let best = 0;
  for (const [at, time] of times.entries())
    if (Math.abs(time - wanted) < Math.abs((times[best] ?? 0) - wanted)) best = at;
  return best;
}

/**
 * @param {number} value
 * @returns {number} 1, 2 or 5 times a power of ten that is not less
 */
function roundUp(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power;
}

/** @typedef {{ readonly x: (at: number) => number, readonly y: (value: number) => number }} Scale */

/**
 * @param {readonly number[]} times
 * @param {number} top
 * @returns {Scale}
 */
function scaleOf(times, top) {
  const end = times.at(-1) ?? 0;
  return {
    x: (at) => WIDTH * (1 - (end - (times[at] ?? end)) / SPAN),
    y: (value) => HEIGHT * (1 - value / top),
  };
}

/**
 * @param {readonly (number | null)[]} values
 * @param {Scale} scale
 * @returns {string} a path that has a gap at each null; a lone value is a dot
 */
function lineOf(values, { x, y }) {
  let path = "";
  for (const [at, value] of values.entries()) {
    if (value === null) continue;
    const begins = (values[at - 1] ?? null) === null;
    path += `${begins ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}${begins ? "h0" : ""}`;
  }
  return path;
}

/**
 * @param {readonly (number | null)[]} values
 * @param {Scale} scale
 * @returns {string} the area below the line of values without a gap
 */
function areaOf(values, scale) {
  if (values.length === 0) return "";
  const last = scale.x(values.length - 1).toFixed(1);
  return `${lineOf(values, scale)}L${last} ${HEIGHT}H${scale.x(0).toFixed(1)}Z`;
}

/**
 * @param {string} name
 * @param {Readonly<Record<string, string>>} attributes
 * @param {readonly (Node | undefined)[]} [children]
 * @returns {Element}
 */
function svg(name, attributes, children = []) {
  const created = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value);
  created.append(...children.filter((child) => child !== undefined));
  return created;
}
