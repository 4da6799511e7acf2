/** @import { QuestionDetail, RequestDetail } from "../views.js" */
import { counted } from "./formats.js";

/**
 * What happened to a request, for somebody who does not know FastCGI: a sentence or two for each role that was asked.
 *
 * @param {RequestDetail} request
 * @returns {readonly { readonly role: string | undefined, readonly text: string }[]}
 */
export function storyOf(request) {
  const steps = request.questions.map((question) => ({
    role: question.role,
    text: question.outcome === "denied" ? `${stepOf(question)} ${credentialsOf(request)}` : stepOf(question),
  }));
  if (steps.length > 0) return steps;
  const text =
    request.status !== undefined && request.status >= 400
      ? "The gateway refused the request itself, without asking the application."
      : "No role covers this path. The gateway answered itself, with a file or a redirect, without asking the application.";
  return [{ role: undefined, text }];
}

/**
 * A denied request differs in whether the authorizer had anything to judge.
 *
 * @param {RequestDetail} request
 * @returns {string}
 */
function credentialsOf({ fields }) {
  const names = ["Authorization", "Cookie"].filter((name) =>
    fields.some((field) => field.name.toLowerCase() === name.toLowerCase()),
  );
  return names.length === 0
    ? "The request came without credentials: it has neither Authorization nor Cookie."
    : `The request came with ${names.join(" and ")}.`;
}

/**
 * @param {QuestionDetail} question
 * @returns {string}
 */
function stepOf(question) {
  const { role, outcome, status = 0, variables } = question;
  const wasAborted = question.conversations.some(({ records }) =>
    records.some(({ type }) => type === "ABORT_REQUEST"),
  );
  const because = {
    authorizer: "The path is protected, so the gateway first asks the authorizer.",
    filter: "A filter covers this file. The gateway sends the file as DATA and gets it back transformed.",
    responder: "A responder covers this path, so the gateway passes the request on.",
  }[role];
  const end = {
    asked: "There is no answer yet.",
    allowed: `It allows the request${variables.length === 0 ? "" : ` and sets ${counted(variables.length, "variable")}`}.`,
    denied: `It denies the request with status ${status}. Its answer goes to the browser, and no other role is asked.`,
    responded: `It answers with status ${status}.`,
    failed: wasAborted ? "The request was aborted." : "There is no usable answer.",
  }[outcome];
  return `${because ?? "The gateway asks the application."} ${end}`;
}
