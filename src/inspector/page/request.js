/** @import { ConversationDetail, PassedVariable, QuestionDetail, RequestDetail } from "../views.js" */
/** @import { ConversationOptions, Opened } from "./conversation.js" */
import { conversationPicture } from "./conversation.js";
import { element } from "./element.js";
import { formatDuration } from "./formats.js";
import { pairTable } from "./record.js";
import { resultChip, statusMark } from "./request-list.js";
import { storyOf } from "./story.js";
import { ROLES, roleTitle, specification } from "./words.js";

/**
 * @typedef {object} RequestOptions
 * @property {Opened} opened
 * @property {ConversationOptions["toggle"]} toggle
 * @property {() => void} replay
 */

/**
 * @param {RequestDetail} request
 * @param {RequestOptions} options
 * @returns {HTMLElement} all of one request
 */
export function requestView(request, options) {
  const passed = new Set(
    request.questions.flatMap(({ variables }) =>
      variables.filter(({ passed }) => passed).map(({ name }) => name),
    ),
  );
  return element("article", {}, [
    element("p", { class: "back" }, [element("a", { href: "#" }, ["All requests"])]),
    heading(request),
    actions(request, options),
    request.failure === undefined ? undefined : element("p", { class: "callout bad" }, [request.failure]),
    story(request),
    ...request.questions.flatMap((question, at) => [
      questionView(question, { ...options, passed }),
      variablesView(question, request.questions[at + 1]?.role),
    ]),
    element("details", { class: "fields", "data-key": "fields" }, [
      element("summary", {}, [`What the browser sent: ${request.fields.length} header fields`]),
      pairTable(request.fields, { passed: new Set(), caption: "Header fields of the HTTP request" }),
    ]),
  ]);
}

/**
 * @param {RequestDetail} request
 * @returns {HTMLElement}
 */
function heading({ method, target }) {
  return element("h2", { class: "what" }, [element("b", {}, [method]), " ", target]);
}

/**
 * @param {RequestDetail} request
 * @param {RequestOptions} options
 * @returns {HTMLElement}
 */
function actions(request, { replay }) {
  const { number, date, duration, replayOf } = request;
  const button = element("button", { type: "button", id: "replay", disabled: !request.replay.possible }, [
    "Replay",
  ]);
  button.addEventListener("click", replay);
  return element("div", { class: "actions" }, [
    statusMark(request),
    element("span", {}, [duration === undefined ? "active" : formatDuration(duration)]),
    element("span", { class: "soft" }, [
      `#${number} at ${new Date(date).toLocaleTimeString("en-GB")}`,
      ...(replayOf === undefined
        ? []
        : [", replay of ", element("a", { href: `#${replayOf}` }, [`#${replayOf}`])]),
    ]),
    button,
    request.replay.possible
      ? undefined
      : element("span", { class: "soft reason" }, [`No replay: ${request.replay.reason}.`]),
  ]);
}

/**
 * @param {RequestDetail} request
 * @returns {HTMLElement}
 */
function story(request) {
  const steps = storyOf(request).map(({ role, text }) =>
    element("li", { class: role }, [
      role === undefined ? undefined : element("b", {}, [roleTitle(role)]),
      " ",
      text,
    ]),
  );
  return element("ol", { class: "story" }, steps);
}

/**
 * @param {QuestionDetail} question
 * @param {RequestOptions & { passed: ReadonlySet<string> }} options
 * @returns {HTMLElement}
 */
function questionView(question, options) {
  const { role, conversations } = question;
  const section = role in ROLES ? ROLES[/** @type {keyof typeof ROLES} */ (role)].section : "6.1";
  return element("section", { class: `question ${role}`, "aria-label": roleTitle(role) }, [
    element("header", {}, [
      element("h3", {}, [roleTitle(role)]),
      resultChip(question),
      element("a", { href: specification(section), target: "_blank", rel: "noreferrer" }, [
        `Section ${section}`,
      ]),
    ]),
    conversations.length === 0
      ? element("p", { class: "note" }, [
          "No record has travelled: there is no connection to the application.",
        ])
      : undefined,
    ...conversations.flatMap((conversation, at) =>
      attempt(conversation, { ...options, at, of: conversations.length }),
    ),
  ]);
}

/**
 * @param {ConversationDetail} conversation
 * @param {ConversationOptions & { at: number, of: number }} options
 * @returns {HTMLElement[]}
 */
function attempt(conversation, { at, of, ...options }) {
  const { connection, requestId, stderr } = conversation;
  const number = of > 1 ? `Attempt ${at + 1} of ${of}, on ` : "On ";
  return [
    element("p", { class: "soft where" }, [`${number}connection ${connection}, as request id ${requestId}`]),
    ...(stderr === undefined
      ? []
      : [
          element("figure", { class: "callout stderr" }, [
            element("figcaption", {}, ["The application wrote to STDERR"]),
            element("pre", { tabindex: 0 }, [stderr.text]),
          ]),
        ]),
    conversationPicture(conversation, options),
  ];
}

/**
 * @param {QuestionDetail} question
 * @param {string | undefined} next the role that gets the variables
 * @returns {HTMLElement | undefined} how the authorizer's variables travel on
 */
function variablesView({ role, outcome, variables }, next) {
  if (role !== "authorizer" || outcome !== "allowed") return undefined;
  const receiver = next === undefined ? "no role: the gateway sends a file" : `the ${next}, among its PARAMS`;
  return element("section", { class: "handover", "aria-label": "Variables" }, [
    element("h3", {}, [`From the authorizer to ${receiver}`]),
    variables.length === 0
      ? element("p", { class: "note" }, ["It set no variables."])
      : element("table", { class: "pairs" }, [
          element("caption", {}, ["Variables"]),
          element("tbody", {}, variables.map(variableRow)),
        ]),
  ]);
}

/**
 * @param {PassedVariable} variable
 * @returns {HTMLElement}
 */
function variableRow({ field, name, text, passed }) {
  const suffix = field.slice("Variable-".length);
  const way = passed ? `arrives as ${name}` : "not passed on: only the Web server sets this name";
  return element("tr", { class: passed ? "passed" : "refused" }, [
    element("th", { scope: "row" }, [
      element("span", { class: "prefix" }, ["Variable-"]),
      suffix,
      passed && suffix === name ? undefined : element("span", { class: "way" }, [way]),
    ]),
    element("td", {}, [text]),
  ]);
}
