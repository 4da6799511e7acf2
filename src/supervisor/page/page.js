/** @import { Status } from "../status.js" */
/** @import { RouteOrder } from "./routes.js" */
import { activeView } from "./active.js";
import { formatAge, formatClock } from "./ages.js";
import { chartView, positionAt } from "./chart.js";
import { chartsOf } from "./charts.js";
import { byId, element } from "./element.js";
import { findingsOf } from "./findings.js";
import { counted } from "./formats.js";
import { historyOf } from "./history.js";
import { judge } from "./judge.js";
import { morph } from "./morph.js";
import { poll } from "./poll.js";
import { endsView, refusalsView, reloadsView, slowView, totalsView } from "./records.js";
import { routesView } from "./routes.js";
import { workersView } from "./workers.js";

const live = byId("live");
const charts = byId("charts");
const headline = byId("headline");

/** @type {Status | undefined} */
let shown;
/** When there was no answer for the first time; undefined while there is one. */
/** @type {number | undefined} */
let lostAt;
/** The position of the charts that is read. */
/** @type {number | undefined} */
let cursor;
/** @type {{ order: RouteOrder, all: boolean }} */
const routes = { order: "requests", all: false };

/** @param {Status} status */
function show(status) {
  shown = status;
  lostAt = undefined;
  const findings = findingsOf(status);
  const { tone, headline: text } = judge(status);
  setState(tone === "good" && findings.length > 0 ? "warn" : tone, text);
  setLive("on", "Live");
  byId("program").textContent = status.program;
  morph(byId("facts"), [factsLine(status)]);
  morph(
    byId("findings"),
    findings.map(({ key, tone, what, where }) =>
      element("li", { class: tone, "data-key": key }, [element("b", {}, [what]), " ", where]),
    ),
  );
  draw("active", activeView(status));
  draw("workers", workersView(status));
  draw("reloads", reloadsView(status));
  draw("ends", endsView(status));
  const { observed, at } = status;
  drawCharts();
  drawRoutes();
  draw("slow", observed === undefined ? [] : slowView(observed, at));
  draw("refusals", observed === undefined ? [] : refusalsView(observed));
  draw("totals", observed === undefined ? [] : totalsView(observed));
}

/** @param {import("./poll.js").Loss} loss */
function lose({ reason, pause }) {
  const now = Date.now();
  lostAt ??= now;
  setState("bad", `Not reachable since ${formatClock(lostAt)}`);
  setLive("off", "Not reachable");
  const last = shown === undefined ? "" : ` Below is what was known at ${formatClock(shown.at)}.`;
  const button = element("button", { type: "button", "data-again": "" }, ["Ask now"]);
  morph(byId("facts"), [
    element("p", {}, [reason]),
    element("p", { class: "soft" }, [`Asked again at ${formatClock(now + pause)}.${last} `, button]),
  ]);
  morph(byId("findings"), []);
}

/**
 * @param {string} tone
 * @param {string} text
 */
function setState(tone, text) {
  byId("state").className = `state ${tone}`;
  document.body.classList.toggle("lost", lostAt !== undefined);
  const name = shown?.program.split("/").at(-1);
  document.title = `${text}${name === undefined ? "" : ` · ${name}`} · Tricorn status`;
  // Screen readers read it again whenever it is set.
  if (headline.textContent !== text) headline.textContent = text;
}

/**
 * @param {"on" | "off" | "paused"} state
 * @param {string} text
 */
function setLive(state, text) {
  live.className = `live ${state}`;
  live.textContent = text;
}

/**
 * @param {Status} status
 * @returns {HTMLElement}
 */
function factsLine({ workers, wanted, startedAt, at, pid, addresses, drainEndsAt }) {
  const ready = workers.filter(({ state }) => state === "ready");
  const generations = [...new Set(ready.map(({ generation }) => generation))].sort((a, b) => a - b);
  const facts = [
    `${ready.length} of ${counted(wanted, "worker")} ready`,
    ...(generations.length === 0 ? [] : [`generation ${generations.join(" and ")}`]),
    `up ${formatAge(at - startedAt)}`,
    ...(drainEndsAt === undefined ? [] : [`stops at ${formatClock(drainEndsAt)}`]),
    `master pid ${pid}`,
    ...addresses,
  ];
  return element(
    "ul",
    { class: "facts" },
    facts.map((fact) => element("li", {}, [fact])),
  );
}

/**
 * @param {string} id
 * @param {readonly Node[]} content nothing hides the section
 */
function draw(id, content) {
  const place = byId(id);
  place.hidden = content.length === 0;
  morph(place, content);
}

function drawCharts() {
  const history = historyOf(shown);
  draw("charts", history.length === 0 ? [] : chartsOf(history).map((chart) => chartView(chart, cursor)));
}

function drawRoutes() {
  const { observed } = shown ?? {};
  draw("routes", observed === undefined ? [] : routesView(observed.routes, routes));
}

/** @param {number | undefined} position */
function read(position) {
  if (position === cursor) return;
  cursor = position;
  drawCharts();
}

/** @param {PointerEvent} event */
function readAt({ target, clientX }) {
  const plot = target instanceof Element ? target.closest(".plot") : null;
  const times = historyOf(shown).map(({ at }) => at);
  if (plot === null || times.length === 0) {
    read(undefined);
    return;
  }
  const { left, width } = plot.getBoundingClientRect();
  read(positionAt(times, (clientX - left) / width));
}

charts.addEventListener("pointermove", readAt);
charts.addEventListener("pointerdown", readAt);
charts.addEventListener("pointerleave", () => read(undefined));
charts.addEventListener("focusout", () => read(undefined));
charts.addEventListener("keydown", (event) => {
  const last = historyOf(shown).length - 1;
  if (last < 0) return;
  const from = cursor ?? last;
  const to = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    PageUp: from - 15,
    PageDown: from + 15,
    Home: 0,
    End: last,
  }[event.key];
  if (event.key === "Escape") read(undefined);
  if (to === undefined) return;
  read(Math.max(0, Math.min(last, to)));
  event.preventDefault();
});

byId("routes").addEventListener("click", ({ target }) => {
  if (!(target instanceof HTMLButtonElement)) return;
  if ("all" in target.dataset) routes.all = !routes.all;
  else routes.order = /** @type {RouteOrder} */ (target.dataset["order"] ?? routes.order);
  drawRoutes();
});

const askNow = poll({ show, lose, pause: () => setLive("paused", "Paused") });
byId("facts").addEventListener("click", ({ target }) => {
  if (target instanceof HTMLButtonElement) askNow();
});
