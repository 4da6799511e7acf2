/** @import { RecordDetail, ShownPair, ShownText } from "../views.js" */
import { element } from "./element.js";
import { counted, formatBytes } from "./formats.js";
import { aboutRecord, specification } from "./words.js";

/** Bytes in a row: what fits a narrow window. */
const ROW = 8;

/**
 * @param {RecordDetail} record
 * @param {{ key: string, passed: ReadonlySet<string> }} options its key in the picture, and the names of variables that an
 *   authorizer has set
 * @returns {HTMLElement} the opened record
 */
export function openedRecord(record, { key, passed }) {
  const { type, pairs, head, body, bytes, missing, cut, length } = record;
  const { sentence, section } = aboutRecord(type);
  return element("div", { class: "opened" }, [
    element("p", { class: "about" }, [
      sentence,
      " ",
      element("a", { href: specification(section), target: "_blank", rel: "noreferrer" }, [
        `Section ${section}`,
      ]),
    ]),
    pairs.length === 0 ? undefined : pairTable(pairs, { passed, caption: "Names and values" }),
    head.length === 0 ? undefined : pairTable(head, { passed: new Set(), caption: "Header block" }),
    body === undefined ? undefined : bodyText(body, head.length > 0),
    cut > 0 ? note(`${formatBytes(cut)} more are not shown.`) : undefined,
    missing > 0
      ? note(`${formatBytes(missing)} of ${formatBytes(length)} were not kept: too much has travelled.`)
      : undefined,
    hasMasks(record) ? note("•••• is a secret, which this page does not get.") : undefined,
    element("details", { class: "bytes", "data-key": `bytes ${key}` }, [
      element("summary", { "data-key": `summary ${key}` }, ["Bytes"]),
      element("dl", { class: "header-fields" }, headerFields(record)),
      bytes.length === 0
        ? undefined
        : element("pre", { tabindex: 0, "aria-label": "Content in hexadecimal" }, [dump(bytes)]),
      bytes.length < length - missing
        ? note(`The first ${counted(bytes.length, "byte")} of ${formatBytes(length)}.`)
        : undefined,
    ]),
  ]);
}

/**
 * @param {readonly ShownPair[]} pairs
 * @param {{ passed: ReadonlySet<string>, caption: string }} options
 * @returns {HTMLElement}
 */
export function pairTable(pairs, { passed, caption }) {
  const rows = pairs.map(({ name, text }) =>
    element("tr", { class: passed.has(name) || /^variable-/i.test(name) ? "passed" : undefined }, [
      element("th", { scope: "row" }, [
        name,
        passed.has(name) ? element("span", { class: "from" }, ["from the authorizer"]) : undefined,
      ]),
      element("td", {}, [text === "" ? element("span", { class: "soft" }, ["empty"]) : text]),
    ]),
  );
  return element("table", { class: "pairs" }, [
    element("caption", {}, [caption]),
    element("tbody", {}, rows),
  ]);
}

/**
 * @param {ShownText} body
 * @param {boolean} hasHead
 * @returns {HTMLElement}
 */
function bodyText({ text }, hasHead) {
  return element("figure", { class: "body" }, [
    element("figcaption", {}, [hasHead ? "Body" : "Content"]),
    element("pre", { tabindex: 0 }, [text]),
  ]);
}

/**
 * @param {string} text
 * @returns {HTMLElement}
 */
function note(text) {
  return element("p", { class: "note" }, [text]);
}

/**
 * @param {RecordDetail} record
 * @returns {boolean}
 */
function hasMasks({ pairs, head, body, bytes }) {
  return [...pairs, ...head].some(({ masked }) => masked) || body?.masked === true || bytes.includes("··");
}

/**
 * The fields of a record header (section 3.3).
 *
 * @param {RecordDetail} record
 * @returns {HTMLElement[]}
 */
function headerFields({ header, type, requestId, length, padding }) {
  const facts = [
    ["Header", header === "" ? "none" : header],
    ["Type", type],
    ["Request id", String(requestId)],
    ["Content", counted(length, "byte")],
    ["Padding", counted(padding, "byte")],
  ];
  return facts.map(([name = "", value = ""]) =>
    element("div", {}, [element("dt", {}, [name]), element("dd", {}, [value])]),
  );
}

/**
 * @param {readonly string[]} bytes
 * @returns {string} rows with position, digits and characters
 */
function dump(bytes) {
  const rows = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = bytes.slice(at, at + ROW);
    const characters = row.map((digits) => {
      const code = Number.parseInt(digits, 16);
      return code >= 0x20 && code < 0x7f ? String.fromCodePoint(code) : "·";
    });
    rows.push(
      `${at.toString(16).padStart(4, "0")}  ${row.join(" ").padEnd(ROW * 3 - 1)}  ${characters.join("")}`,
    );
  }
  return rows.join("\n");
}
