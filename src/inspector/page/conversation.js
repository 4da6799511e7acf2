/** @import { ConversationDetail, NeighbourDetail, RecordDetail, RecordSummary } from "../views.js" */
import { element } from "./element.js";
import { counted, formatBytes, formatDuration } from "./formats.js";
import { openedRecord } from "./record.js";
import { roleTitle } from "./words.js";

/** As many records of one stream in a row are all shown; of more, the first and the last ones. */
const RUN = 8;
const RUN_START = 3;
const RUN_END = 2;

/**
 * What the reader has opened, by key: a record with its content, or a run of records that is shown as a whole.
 *
 * @typedef {Map<string, RecordDetail | "run">} Opened
 */

/**
 * @typedef {object} ConversationOptions
 * @property {Opened} opened
 * @property {ReadonlySet<string>} passed names of variables that an authorizer has set
 * @property {(key: string, load: { number: number, index: number } | "run") => void} toggle opens or closes
 */

/**
 * A record in its lane: the conversation itself is lane 0.
 *
 * @typedef {object} Row
 * @property {number} lane
 * @property {number} conversation its number
 * @property {RecordSummary} record
 */

/**
 * Draws a conversation: the Web server on the left, the application on the right, an arrow for each record in the order of time.
 * What travelled on the same connection meanwhile has lanes beside it.
 *
 * @param {ConversationDetail} conversation
 * @param {ConversationOptions} options
 * @returns {HTMLElement}
 */
export function conversationPicture(conversation, options) {
  const { management, neighbours, unlisted, closed } = conversation;
  const beside = [...(management === undefined ? [] : [management]), ...neighbours];
  const rows = rowsOf(conversation, beside);
  const list = element("ol", { class: "records" }, [
    ...drawRows(rows, options),
    unlisted > 0
      ? element("li", { class: "break" }, [`${counted(unlisted, "more record")}, not listed`])
      : undefined,
    closed === undefined
      ? undefined
      : element("li", { class: "break" }, [`connection closed at ${formatDuration(closed)}`]),
  ]);
  const picture = element(
    "div",
    { class: beside.length > 0 ? "picture shared" : "picture", tabindex: beside.length > 0 ? 0 : undefined },
    [
      element("div", { class: "lanes" }, [
        element("span", { class: "ends" }, [
          element("span", {}, ["Web server"]),
          element("span", {}, ["Application"]),
        ]),
        ...beside.map(laneHead),
      ]),
      list,
    ],
  );
  // Not an attribute: the policy of the page forbids inline styles.
  picture.style.setProperty("--beside", String(beside.length));
  return picture;
}

/**
 * @param {NeighbourDetail} neighbour
 * @returns {HTMLElement}
 */
function laneHead({ request, role, requestId }) {
  if (request === undefined)
    return element("span", { class: "lane-head" }, ["connection ", element("small", {}, ["id 0"])]);
  return element("a", { class: "lane-head", href: `#${request}` }, [
    `#${request} ${roleTitle(role ?? "").toLowerCase()} `,
    element("small", {}, [`id ${requestId}`]),
  ]);
}

/**
 * @param {ConversationDetail} conversation
 * @param {readonly NeighbourDetail[]} beside
 * @returns {Row[]}
 */
function rowsOf({ number, records }, beside) {
  const rows = [
    ...records.map((record) => ({ lane: 0, conversation: number, record })),
    ...beside.flatMap((neighbour, at) =>
      neighbour.records.map((record) => ({ lane: at + 1, conversation: neighbour.number, record })),
    ),
  ];
  return rows.sort((a, b) => a.record.order - b.record.order);
}

/**
 * @param {readonly Row[]} rows
 * @param {ConversationOptions} options
 * @returns {HTMLElement[]}
 */
function drawRows(rows, options) {
  const drawn = [];
  for (let at = 0; at < rows.length;) {
    const end = endOfRun(rows, at);
    const run = rows.slice(at, end);
    const key = `run ${run[0]?.conversation}/${run[0]?.record.index}`;
    if (run.length > RUN && !options.opened.has(key)) {
      const hidden = run.slice(RUN_START, -RUN_END);
      drawn.push(...run.slice(0, RUN_START).map((row) => drawRow(row, options)));
      drawn.push(drawRun(hidden, key, options));
      drawn.push(...run.slice(-RUN_END).map((row) => drawRow(row, options)));
    } else {
      drawn.push(...run.map((row) => drawRow(row, options)));
    }
    at = end;
  }
  return drawn;
}

/**
 * @param {readonly Row[]} rows
 * @param {number} from
 * @returns {number} where the run of one stream that starts there ends
 */
function endOfRun(rows, from) {
  const first = rows[from];
  let at = from + 1;
  while (at < rows.length) {
    const row = rows[at];
    if (row?.lane !== first?.lane || row?.record.type !== first?.record.type || row?.record.length === 0)
      break;
    at += 1;
  }
  return at;
}

/**
 * @param {readonly Row[]} hidden
 * @param {string} key
 * @param {ConversationOptions} options
 * @returns {HTMLElement}
 */
function drawRun(hidden, key, { toggle }) {
  const bytes = hidden.reduce((sum, { record }) => sum + record.length, 0);
  const type = hidden[0]?.record.type ?? "";
  const button = element("button", { type: "button", "data-key": key }, [
    `Show ${hidden.length.toLocaleString("en")} more ${type} records, ${formatBytes(bytes)}`,
  ]);
  button.addEventListener("click", () => toggle(key, "run"));
  return element("li", { class: "break" }, [button]);
}

/**
 * @param {Row} row
 * @param {ConversationOptions} options
 * @returns {HTMLElement}
 */
function drawRow({ lane, conversation, record }, { opened, passed, toggle }) {
  const { at, direction, type, gist, length, index } = record;
  const key = `${conversation}/${index}`;
  const detail = opened.get(key);
  const isOpen = typeof detail === "object";
  const isEnd = length === 0 && type !== "ABORT_REQUEST" && type !== "GET_VALUES_RESULT";
  const way = direction === "sent" ? "to the application" : "to the Web server";
  const arrow = element(
    "button",
    {
      type: "button",
      class: `arrow ${direction} ${type.toLowerCase().replaceAll(/[^a-z]/g, "-")}${isEnd ? " end" : ""}`,
      "aria-expanded": isOpen ? "true" : "false",
      "aria-label": `${type}, ${gist}, ${counted(length, "byte")}, ${way}, after ${formatDuration(at)}`,
      "data-key": key,
    },
    [
      element("span", { class: "type" }, [type]),
      lane === 0 ? element("span", { class: "gist" }, [gist]) : undefined,
      element("span", { class: "size" }, [formatBytes(length)]),
    ],
  );
  arrow.style.setProperty("--lane", String(lane));
  arrow.addEventListener("click", () => toggle(key, { number: conversation, index }));
  return element("li", { class: `row${lane === 0 ? "" : " beside"}` }, [
    element("time", {}, [formatDuration(at)]),
    arrow,
    isOpen ? openedRecord(detail, { key, passed }) : undefined,
  ]);
}
