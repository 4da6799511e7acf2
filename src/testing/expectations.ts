import { isDeepStrictEqual } from "node:util";

import { TestAnswer } from "./test-answer.js";

/** What a reply is expected to be; what is not named is not compared. */
export interface ExpectedReply {
  readonly status?: number | undefined;
  /** Fields by name: their value, a pattern for it, or `null` for a field that must not be there. */
  readonly headers?: Readonly<Record<string, string | RegExp | null>> | undefined;
  /** The body as text, or a pattern for it. */
  readonly text?: string | RegExp | undefined;
  /** The body as JSON, compared deeply. */
  readonly json?: unknown;
}

/** Whether an answer is as expected, and the words for it. */
export interface Finding {
  readonly holds: boolean;
  /** What was expected: `to deny with 401`. */
  readonly expected: string;
  /** Why it does not hold: `its status is 403`. */
  readonly fact: string;
}

/** Compares values deeply; the one of a test library knows its own patterns. */
export type Equality = (actual: unknown, expected: unknown) => boolean;

/** An authorizer allows the request, with at least these variables. */
export function findAllow(answer: TestAnswer, variables: Readonly<Record<string, string>> = {}): Finding {
  const names = Object.keys(variables);
  const expected = names.length === 0 ? "to allow" : `to allow with ${names.join(", ")}`;
  const { status, applicationStatus } = answer;
  if (!answer.allowed) {
    const fact =
      status === 200 ? `its application status is ${applicationStatus}` : `its status is ${status}`;
    return { holds: false, expected, fact };
  }
  for (const [name, value] of Object.entries(variables)) {
    const { holds, fact } = findVariable(answer, name, { value });
    if (!holds) return { holds, expected, fact };
  }
  return { holds: true, expected, fact: "it does" };
}

/** An authorizer denies the request: any status but a success, or this one. */
export function findDeny(answer: TestAnswer, status: number | undefined): Finding {
  const expected = status === undefined ? "to deny" : `to deny with ${status}`;
  const holds = answer.status >= 300 && (status === undefined || answer.status === status);
  return { holds, expected, fact: holds ? "it does" : factOfDenial(answer) };
}

function factOfDenial({ status, allowed }: TestAnswer): string {
  if (allowed) return "it allows";
  return status < 300
    ? `its status is ${status}, which some Web servers take for "allowed"`
    : `its status is ${status}`;
}

/** An authorizer passes a variable on, with any value or with this one. */
export function findVariable(
  answer: TestAnswer,
  name: string,
  { value }: { readonly value: string | RegExp | undefined },
): Finding {
  const expected = `to set ${name}${value === undefined ? "" : ` to ${shown(value)}`}`;
  const actual = Object.hasOwn(answer.variables, name) ? answer.variables[name] : undefined;
  if (actual === undefined) {
    const names = Object.keys(answer.variables);
    const others = names.length === 0 ? "it sets no variable" : `it sets only ${names.join(", ")}`;
    return { holds: false, expected, fact: others };
  }
  return matches(actual, value)
    ? { holds: true, expected, fact: "it does" }
    : { holds: false, expected, fact: `${name} has another value` };
}

/** A reply has this status, these fields, this body. */
export function findReply(
  answer: TestAnswer,
  reply: number | ExpectedReply,
  { equal = isDeepStrictEqual }: { readonly equal?: Equality | undefined } = {},
): Finding {
  const wanted: ExpectedReply = typeof reply === "number" ? { status: reply } : reply;
  const faults = [...faultsOfReply(answer, wanted, equal)];
  const expected = `to reply with ${wordsFor(wanted)}`;
  return {
    holds: faults.length === 0,
    expected,
    fact: faults.length === 0 ? "it does" : faults.join(", and "),
  };
}

function* faultsOfReply(answer: TestAnswer, wanted: ExpectedReply, equal: Equality): Generator<string> {
  if (wanted.status !== undefined && answer.status !== wanted.status) yield `its status is ${answer.status}`;
  for (const [name, value] of Object.entries(wanted.headers ?? {})) {
    const actual = answer.headers.get(name);
    if (value === null) {
      if (actual !== undefined) yield `it has ${name}`;
    } else if (actual === undefined) yield `it has no ${name}`;
    else if (!matches(actual, value)) yield `its ${name} is not ${shown(value)}`;
  }
  if (wanted.text !== undefined && !matches(answer.text, wanted.text)) yield "its text is another";
  if ("json" in wanted && !equal(answer.json(), wanted.json)) yield "its JSON is another";
}

function wordsFor({ status, headers = {}, text, ...rest }: ExpectedReply): string {
  const words = [
    ...(status === undefined ? [] : [String(status)]),
    ...Object.entries(headers).map(([name, value]) => (value === null ? `no ${name}` : name)),
    ...(text === undefined ? [] : [`the text ${shown(text)}`]),
    ...("json" in rest ? [`the JSON ${JSON.stringify(rest.json)}`] : []),
  ];
  return words.length === 0 ? "anything" : words.join(", ");
}

function matches(actual: string, wanted: string | RegExp | undefined): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === "string" ? actual === wanted : wanted.test(actual);
}

function shown(wanted: string | RegExp): string {
  return typeof wanted === "string" ? JSON.stringify(wanted) : String(wanted);
}

/** The message of an assertion that failed; `negated` if it was expected not to hold. */
export function messageOf(
  answer: TestAnswer,
  { expected, fact }: Finding,
  how: "plain" | "negated" = "plain",
): string {
  const not = how === "negated" ? "not " : "";
  return `Expected the answer ${not}${expected}, but ${fact}:\n\n${answer.describe()}`;
}

/**
 * Checks that a value is an answer.
 *
 * @throws TypeError that names the cure for a promise of one
 */
export function requireAnswer(value: unknown): asserts value is TestAnswer {
  if (value instanceof TestAnswer) return;
  const fact =
    value instanceof Promise ? "it is a promise; await it first" : "it is not an answer of testApplication";
  throw new TypeError(`Cannot check answer: ${fact}`);
}
