import { STATUS_CODES } from "node:http";

import type { ResponseHeaders } from "../client/index.js";
import { formatLine, type LoggedLine } from "./request-log.js";

/** What the application has answered. */
export interface AnswerParts {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly bytes: Buffer;
  readonly applicationStatus: number;
  readonly stderr: string;
}

/** What is known of an answer beside its bytes. */
export interface AnswerFacts {
  /** What was asked: `authorizer GET /members/`. */
  readonly request: string;
  /** What the request has logged. */
  readonly logged: readonly LoggedLine[];
  /** What the Web server left out of the request; undefined if nothing. */
  readonly note: string | undefined;
  /** The names of fields whose values are not shown, in lower case. */
  readonly secretFields: ReadonlySet<string>;
  /** Takes the secrets of the request out of a text. */
  readonly redact: (text: string) => string;
}

/** The number of characters shown of a body. */
const SHOWN_CHARACTERS = 200;

const SECRET = "[redacted]";

/** The start of a long text. */
export function excerptOf(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** An answer for messages: what was asked, status, fields, the start of the body, FCGI_STDERR and the log, without secrets. */
export function describeAnswer(
  { status, headers, bytes, applicationStatus, stderr }: AnswerParts,
  { request, logged, note, secretFields, redact }: AnswerFacts,
): string {
  const sections = [
    `${request}\n${[status, STATUS_CODES[status]].join(" ").trim()}`,
    ...headers.toArray().map(([name, value]) => `\n${name}: ${shownField(name, value, secretFields)}`),
    bytes.length === 0 ? "" : `\n\n${excerptOf(textOf(bytes)).trimEnd()}`,
    applicationStatus === 0 ? "" : `\n\nApplication status: ${applicationStatus}`,
    stderr === "" ? "" : `\n\nFCGI_STDERR: ${stderr.trimEnd()}`,
    logged.length === 0 ? "" : `\n\nLogged: ${logged.map(formatLine).join("\n")}`,
    note === undefined ? "" : `\n\nNote: ${note}`,
  ];
  return redact(sections.join("")).replaceAll(/^(?=.)/gm, "  ");
}

/** A cookie keeps its name, everything else that is secret nothing. */
function shownField(name: string, value: string, secretFields: ReadonlySet<string>): string {
  const field = name.toLowerCase();
  if (field === "set-cookie") return value.replace(/=[^;]*/, `=${SECRET}`);
  return secretFields.has(field.replace(/^variable-/, "")) ? SECRET : value;
}

/** Text, or how many bytes there are that are not text. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString();
  return /[\0-\x08\x0e-\x1f\ufffd]/.test(text) ? `(${bytes.length} bytes)` : text;
}
