import type { Expectation } from "./session.js";
import { Type, readPairs, readRecords, type WireRecord } from "./wire.js";

/** What went over one connection, seen from the Web server. */
export interface Traffic {
  readonly sent: Buffer;
  readonly received: Buffer;
  /** Whether the application closed its side in the clean way, so that nothing may be cut. */
  readonly cleanEnd: boolean;
}

/** What came back for one request. */
interface Answer {
  readonly id: number;
  readonly role: number;
  readonly stdout: Buffer;
  readonly applicationStatus: number;
  readonly protocolStatus: number;
}

/** What a connection showed. */
export interface Finding {
  readonly begun: number;
  readonly answered: number;
}

/** The tokens that were issued to requests that authorizers allowed. */
export interface Tokens {
  /** Takes a token out; false where it is not there. */
  delete(token: string): boolean;
}

const AUTHORIZER = 2;
/** What a connection ends with whose answer could not be completed: the header of no record that there is. */
const BROKEN_RECORD = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0]);
const HTTP = Buffer.from("HTTP/");
const KNOWN_VALUES = new Set(["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"]);

/**
 * Judges what an application sent on one connection by the specification and by what Web servers make of it.
 *
 * @param tokens those that were issued to allowed requests; each that is seen is taken out
 * @param expected all that must be answered, where everything that was sent is right
 * @throws Error that says what is wrong
 */
export function judge(
  { sent, received, cleanEnd }: Traffic,
  { tokens, expected }: { tokens: Tokens; expected: readonly Expectation[] | undefined },
): Finding {
  const asked = readRecords(sent, "content").records;
  const { records, rest } = readRecords(received);
  if (rest.subarray(0, 5).equals(HTTP)) {
    judgeHttp(sent, { records, answer: rest.toString("latin1") });
    return { begun: 0, answered: 0 };
  }
  const { answers, open } = answersOf(records, rolesOf(asked));
  const broken = rest.length > 0 && rest[0] !== 1;
  if (broken) {
    demand(BROKEN_RECORD.subarray(0, rest.length).equals(rest), "a record has another version");
    demand(open > 0, "a connection is broken in which no answer is incomplete");
  } else demand(!cleanEnd || rest.length === 0, `the last record is cut after ${rest.length} bytes`);
  judgeManagement(records, asked);
  for (const answer of answers) judgeAnswer(answer, tokens);
  // A time limit that strikes in the middle of an answer breaks it off.
  const brokenByTime = broken && expected?.some(({ status }) => status === undefined) === true;
  if (expected !== undefined && !brokenByTime) compare(answers, expected);
  return {
    begun: asked.filter(({ type, id }) => type === Type.begin && id !== 0).length,
    answered: answers.length,
  };
}

/** A peer that begins as HTTP does gets one answer that it understands, and no record. */
function judgeHttp(
  sent: Buffer,
  { records, answer }: { readonly records: readonly WireRecord[]; readonly answer: string },
): void {
  demand(/^[A-Z]{3,20} [/*h]/.test(sent.toString("latin1", 0, 22)), "HTTP is answered to what is none");
  demand(records.length === 0, "HTTP is answered behind a record");
  demand(
    /^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\n\r\n[^\r\n]*\n?$/.test(answer),
    "the answer is no 400 of HTTP",
  );
}

/** Whether so many requests were answered in these bytes. */
export function answeredIn(received: Buffer): number {
  return readRecords(received).records.filter(({ type }) => type === Type.end).length;
}

/** The roles of the requests of each id in the order of their beginnings. */
function rolesOf(asked: readonly WireRecord[]): Map<number, number[]> {
  const roles = new Map<number, number[]>();
  for (const { type, id, content } of asked) {
    if (type !== Type.begin || id === 0 || content.length < 8) continue;
    const list = roles.get(id) ?? [];
    list.push(content.readUInt16BE(0));
    roles.set(id, list);
  }
  return roles;
}

/** Sorts records by request and checks their order (section 5.5). */
function answersOf(
  records: readonly WireRecord[],
  roles: ReadonlyMap<number, readonly number[]>,
): { readonly answers: Answer[]; readonly open: number } {
  const answers: Answer[] = [];
  const ends = new Map<number, number>();
  const open = new Map<number, { stdout: Buffer[]; closed: boolean }>();
  for (const { type, id, content, padding, reserved } of records) {
    demand(reserved === 0, "the reserved byte is not zero");
    demand(
      padding.every((byte) => byte === 0),
      "the padding is not zero",
    );
    if (type === Type.getValuesResult || type === Type.unknownType) {
      demand(id === 0, `a management record has the id ${id}`);
      continue;
    }
    demand(
      type === Type.stdout || type === Type.stderr || type === Type.end,
      `a record of type ${type} was sent`,
    );
    const number = ends.get(id) ?? 0;
    const role = roles.get(id)?.[number];
    demand(role !== undefined, `a record came for id ${id}, which has no request that is open`);
    const state = open.get(id) ?? { stdout: [], closed: false };
    open.set(id, state);
    switch (type) {
      case Type.stdout:
        demand(!state.closed, "STDOUT goes on behind its end");
        if (content.length === 0) state.closed = true;
        else state.stdout.push(content);
        break;
      case Type.stderr:
        // Jetty takes it for the end of the answer.
        demand(content.length > 0, "a record of STDERR is empty");
        break;
      default:
        // Section 5.5: only a role beyond the three is refused by END_REQUEST alone.
        if ((role > 3 || role === 0) && content[4] !== 0) {
          demand(!state.closed && state.stdout.length === 0, "a refusal is not END_REQUEST alone");
        } else {
          demand(state.closed, "END_REQUEST came before the end of STDOUT");
        }
        demand(content.length === 8, "the body of END_REQUEST has not 8 bytes");
        demand(content.readUIntBE(5, 3) === 0, "the reserved bytes of END_REQUEST are not zero");
        ends.set(id, number + 1);
        open.delete(id);
        answers.push({
          id,
          role,
          stdout: Buffer.concat(state.stdout),
          applicationStatus: content.readUInt32BE(0),
          protocolStatus: content[4]!,
        });
    }
  }
  return { answers, open: open.size };
}

/** Section 4: every answer of the application as such belongs to a question. */
function judgeManagement(records: readonly WireRecord[], asked: readonly WireRecord[]): void {
  const questions = asked.filter(({ id, type }) => id === 0 && type === Type.getValues).length;
  const results = records.filter(({ type }) => type === Type.getValuesResult);
  demand(results.length <= questions, `${results.length} GET_VALUES_RESULT came for ${questions} GET_VALUES`);
  for (const { content } of results) {
    const values = readPairs(content);
    demand(
      values?.every(([name, value]) => KNOWN_VALUES.has(name) && /^[0-9]+$/.test(value)) === true,
      "GET_VALUES_RESULT is not what was asked for",
    );
  }
  const strange = asked
    .filter(({ id, type }) => id === 0 && (type === 0 || type > 11))
    .map(({ type }) => type);
  for (const { content } of records.filter(({ type }) => type === Type.unknownType)) {
    demand(content.length === 8, "the body of UNKNOWN_TYPE has not 8 bytes");
    demand(
      strange.splice(strange.indexOf(content[0]!) >>> 0, 1).length === 1,
      "UNKNOWN_TYPE names no type that was sent",
    );
  }
}

function judgeAnswer({ role, stdout, applicationStatus, protocolStatus }: Answer, tokens: Tokens): void {
  demand(protocolStatus <= 3, `the protocol status is ${protocolStatus}`);
  if (role > 3 || role === 0) {
    if (role !== 7) demand(protocolStatus === 3, "an unknown role was not answered by UNKNOWN_ROLE");
    return;
  }
  if (stdout.length === 0) {
    demand(role !== AUTHORIZER, "an authorizer's answer is empty, which lighttpd takes for allowed");
    // Apache makes an empty 200 of it, so it must be for nobody.
    demand(applicationStatus !== 0, "an empty answer claims success");
    return;
  }
  const { status, headers, body } = readHead(stdout);
  const length = headers.get("content-length");
  if (length !== undefined && body.length > 0) {
    demand(
      Number(length) === body.length,
      `Content-Length is ${length}, but the body has ${body.length} bytes`,
    );
  }
  const handsOn = [...headers.keys()].some((name) => name.startsWith("variable-"));
  // Whoever hands variables on has allowed a question, in whatever role that was asked.
  if (role !== AUTHORIZER && !handsOn) return;
  demand(protocolStatus === 0, "an authorizer's answer is not REQUEST_COMPLETE");
  demand(applicationStatus === 0, "an authorizer's answer has an application status");
  if (status === 200) {
    const token = headers.get("variable-token") ?? "";
    demand(
      tokens.delete(token),
      `a request was allowed that no authorizer allowed (${JSON.stringify(token)})`,
    );
    demand(body.length === 0, "an allowed request has a body");
  } else {
    demand(status >= 300, `a request was denied with the status ${status}`);
    demand(!handsOn, "a denial hands variables on");
  }
}

/** A header block as all Web servers take it: its first line tells the status. */
function readHead(stdout: Buffer): { status: number; headers: Map<string, string>; body: Buffer } {
  const end = stdout.indexOf("\r\n\r\n");
  demand(end >= 0, "the header block does not end");
  const [first = "", ...lines] = stdout.toString("latin1", 0, end).split("\r\n");
  const status = /^Status: ([1-5]\d\d)(?: [\x20-\x7e]*)?$/.exec(first)?.[1];
  demand(status !== undefined, `the first line is ${JSON.stringify(first)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([^\0\r\n]*)$/.exec(line) ?? [];
    demand(name !== undefined && value !== undefined, `a header line is ${JSON.stringify(line)}`);
    demand(name.toLowerCase() !== "status", "there are two statuses");
    headers.set(name.toLowerCase(), value);
  }
  return { status: Number(status), headers, body: stdout.subarray(end + 4) };
}

function compare(answers: readonly Answer[], expected: readonly Expectation[]): void {
  demand(
    answers.length === expected.length,
    `${answers.length} of ${expected.length} requests were answered`,
  );
  for (const { id, role, what, status, body, bridged } of expected) {
    const answer = answers.find((answer) => answer.id === id);
    demand(answer !== undefined, `${what} was not answered`);
    if (role > 3) continue;
    const head = readHead(answer.stdout);
    if (bridged && head.status < 300)
      demand(head.headers.has("variable-token"), `${what} was answered by a page`);
    if (status !== undefined)
      demand(head.status === status, `${what} was answered by ${head.status}, not ${status}`);
    if (body !== undefined) {
      demand(
        head.body.equals(body),
        `${what} was answered by ${head.body.length} bytes that are not the expected`,
      );
    }
  }
}

function demand(condition: boolean, fact: string): asserts condition {
  if (!condition) throw new Error(fact);
}
