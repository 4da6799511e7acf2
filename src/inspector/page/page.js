/** @import { LiveEvent, RecordDetail, RequestDetail, RequestSummary } from "../views.js" */
/** @import { Opened } from "./conversation.js" */
import { byId, element } from "./element.js";
import { counted } from "./formats.js";
import { filtersOf, matches } from "./filters.js";
import { listItem } from "./request-list.js";
import { requestView } from "./request.js";

const PATH = "/__tricorn";

const live = byId("live");
const list = byId("requests");
const count = byId("count");
const detail = byId("detail");
const form = /** @type {HTMLFormElement} */ (byId("filters"));
const token = document.querySelector('meta[name="tricorn-token"]')?.getAttribute("content") ?? "";

/** @type {Map<number, RequestSummary>} */
const requests = new Map();
/** @type {Map<number, HTMLLIElement>} */
const items = new Map();
/** @type {Opened} */
let opened = new Map();
/** @type {RequestDetail | undefined} */
let shown;

/** @returns {number | undefined} the number of the request in the address */
function selected() {
  const number = Number(location.hash.slice(1));
  return number > 0 ? number : undefined;
}

/**
 * @param {string} path
 * @param {string} [method]
 * @returns {Promise<Response>}
 */
function ask(path, method = "GET") {
  const headers = method === "GET" ? {} : { "X-Tricorn-Token": token };
  return fetch(PATH + path, { method, headers });
}

/** @param {RequestSummary} request */
function update(request) {
  requests.set(request.number, request);
  const item = listItem(request);
  const before = items.get(request.number);
  items.set(request.number, item);
  if (before === undefined) list.prepend(item);
  else {
    const hadFocus = before.contains(document.activeElement);
    before.replaceWith(item);
    if (hadFocus) item.querySelector("a")?.focus();
  }
  showItem(item, request);
}

/** @param {number} number */
function drop(number) {
  requests.delete(number);
  items.get(number)?.remove();
  items.delete(number);
}

/**
 * @param {HTMLLIElement} item
 * @param {RequestSummary} request
 */
function showItem(item, request) {
  item.hidden = !matches(request, filtersOf(form));
  if (request.number === selected()) item.querySelector("a")?.setAttribute("aria-current", "true");
  else item.querySelector("a")?.removeAttribute("aria-current");
}

function showList() {
  for (const [number, item] of items) {
    const request = requests.get(number);
    if (request !== undefined) showItem(item, request);
  }
  showCount();
}

function showCount() {
  const visible = [...items.values()].filter(({ hidden }) => !hidden).length;
  count.textContent =
    requests.size === 0
      ? "No request yet"
      : visible === requests.size
        ? counted(visible, "request")
        : `${visible} of ${counted(requests.size, "request")}`;
}

/** Loads the request of the address and shows it. */
async function showDetail() {
  const number = selected();
  document.body.classList.toggle("open", number !== undefined);
  if (number === undefined) {
    shown = undefined;
    detail.replaceChildren(welcome());
    return;
  }
  const response = await ask(`/requests/${number}`);
  // Meanwhile another one may have been selected.
  if (number !== selected()) return;
  if (!response.ok) {
    shown = undefined;
    detail.replaceChildren(element("p", { class: "note" }, [await response.text()]));
    return;
  }
  if (shown?.number !== number) opened = new Map();
  shown = await response.json();
  draw();
}

/** Draws the request that is loaded; what was opened stays open, and the focus stays. */
function draw() {
  if (shown === undefined) return;
  const key = document.activeElement === null ? undefined : keyOf(document.activeElement);
  const unfolded = new Set(Array.from(detail.querySelectorAll("details[open]"), keyOf));
  detail.replaceChildren(requestView(shown, { opened, toggle, replay }));
  for (const one of detail.querySelectorAll("details")) one.open = unfolded.has(keyOf(one));
  const focused = key === undefined ? null : detail.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (focused instanceof HTMLElement) focused.focus();
}

/**
 * @param {Element} part
 * @returns {string | undefined} what it is among the parts that are drawn again
 */
function keyOf(part) {
  return part.getAttribute("data-key") ?? undefined;
}

/** @type {import("./conversation.js").ConversationOptions["toggle"]} */
function toggle(key, load) {
  if (opened.has(key)) {
    opened.delete(key);
    draw();
  } else if (load === "run") {
    opened.set(key, "run");
    draw();
  } else {
    void open(key, load);
  }
}

/**
 * @param {string} key
 * @param {{ number: number, index: number }} record
 */
async function open(key, { number, index }) {
  const into = opened;
  const response = await ask(`/records/${number}/${index}`);
  if (!response.ok) return;
  /** @type {RecordDetail} */
  const record = await response.json();
  into.set(key, record);
  draw();
}

function replay() {
  void replayShown();
}

async function replayShown() {
  if (shown === undefined) return;
  const response = await ask(`/requests/${shown.number}/replay`, "POST");
  if (response.ok) {
    const { number } = await response.json();
    location.hash = `#${number}`;
  } else {
    detail.prepend(element("p", { class: "callout bad", role: "alert" }, [await response.text()]));
  }
}

/** @returns {HTMLElement} what is shown while no request is selected */
function welcome() {
  return element("div", { class: "welcome" }, [
    element("h2", {}, ["What travels between Web server and application"]),
    element("p", {}, [
      "Each request of your browser appears in the list. Select one to see which FastCGI roles it used, and each record that travelled, both ways.",
    ]),
    element("dl", {}, [
      element("dt", { class: "authorizer" }, ["Authorizer"]),
      element("dd", {}, ["decides whether a request may pass, and hands on variables."]),
      element("dt", { class: "filter" }, ["Filter"]),
      element("dd", {}, ["gets a file and sends it back transformed."]),
      element("dt", { class: "responder" }, ["Responder"]),
      element("dd", {}, ["makes the answer."]),
    ]),
    element("p", {}, [
      element("a", { href: "/", target: "_blank" }, ["Open the application"]),
      " in another tab to begin.",
    ]),
  ]);
}

const events = new EventSource(`${PATH}/events`);
events.addEventListener("open", () => {
  live.textContent = "Live";
  live.className = "live on";
});
events.addEventListener("error", () => {
  live.textContent = events.readyState === EventSource.CLOSED ? "Not connected" : "Reconnecting";
  live.className = "live off";
});
events.addEventListener("message", ({ data }) => {
  /** @type {LiveEvent} */
  const event = JSON.parse(data);
  if (event.kind === "all") for (const number of Array.from(requests.keys())) drop(number);
  else for (const number of event.dropped) drop(number);
  for (const request of event.requests) update(request);
  showCount();
  if (event.requests.some(({ number }) => number === selected())) void showDetail();
});

form.addEventListener("input", showList);
form.addEventListener("submit", (event) => event.preventDefault());
byId("clear").addEventListener("click", () => {
  location.hash = "";
  void ask("/requests", "DELETE");
});
window.addEventListener("hashchange", () => {
  showList();
  void showDetail().then(() => {
    if (selected() !== undefined) detail.focus({ preventScroll: true });
    detail.scrollTop = 0;
  });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && selected() !== undefined) location.hash = "";
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || !list.contains(document.activeElement)) return;
  const links = [...list.querySelectorAll("li:not([hidden]) a")];
  const next = links[links.indexOf(/** @type {Element} */ (document.activeElement)) + step];
  if (next instanceof HTMLElement) next.focus();
  event.preventDefault();
});

void showDetail();
