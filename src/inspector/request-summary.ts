import { RecordType, roleName } from "../protocol/constants.js";
import type { ExchangeRecording, RoleQuestion } from "./exchange-recording.js";
import type { SecretNames } from "./secret-spans.js";
import { joinedSpans } from "./spans.js";
import { shownText } from "./shown.js";
import type { RequestSummary, RoleSummary } from "./views.js";

/** The longest target, in bytes. */
const TARGET_BYTES = 2048;

/** Summarizes a request for the list. */
export function requestSummary(exchange: ExchangeRecording, names: SecretNames): RequestSummary {
  const { number, date, method, target, replayOf, questions, end, time } = exchange;
  const bytes = Buffer.from(target.slice(0, TARGET_BYTES), "latin1");
  const masks = joinedSpans(names.inValue("REQUEST_URI", bytes.toString("latin1")));
  return {
    number,
    date,
    method,
    target: shownText(bytes, masks).text,
    replayOf,
    roles: questions.map((question) => roleSummary(exchange, question)),
    state: end === undefined ? "active" : end.complete ? "complete" : "incomplete",
    status: end?.status,
    duration: end === undefined ? undefined : end.time - time,
    hasStderr: questions.some(hasStderr),
  };
}

/** Summarizes what came of a question. */
export function roleSummary(exchange: ExchangeRecording, question: RoleQuestion): RoleSummary {
  const { result, role } = question;
  const name = roleName(role);
  const isLast = exchange.questions.at(-1) === question;
  // Also a response whose body broke off.
  if (exchange.failure !== undefined && isLast)
    return { role: name, outcome: "failed", status: statusOf(question) };
  return { role: name, outcome: result?.kind ?? "asked", status: statusOf(question) };
}

function statusOf({ result }: RoleQuestion): number | undefined {
  switch (result?.kind) {
    case "denied":
    case "responded":
      return result.status;
    case "allowed":
      return 200;
    case undefined:
      return undefined;
  }
}

function hasStderr({ conversations }: RoleQuestion): boolean {
  return conversations.some(
    (conversation) => (conversation.contentsOf(RecordType.Stderr, "received")?.length ?? 0) > 0,
  );
}
