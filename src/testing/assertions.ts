import { AssertionError } from "node:assert";

import {
  findAllow,
  findDeny,
  findReply,
  findVariable,
  messageOf,
  requireAnswer,
  type ExpectedReply,
  type Finding,
} from "./expectations.js";
import type { TestAnswer } from "./test-answer.js";

/**
 * Asserts that an authorizer allows the request, and passes on at least these variables.
 *
 * @throws AssertionError with the answer, FCGI_STDERR and what was logged
 */
export function assertAllows(answer: TestAnswer, variables?: Readonly<Record<string, string>>): void {
  requireAnswer(answer);
  assertHolds(answer, { finding: findAllow(answer, variables), operator: assertAllows });
}

/**
 * Asserts that an authorizer denies the request: with this status, or with any.
 *
 * @throws AssertionError as {@link assertAllows}
 */
export function assertDenies(answer: TestAnswer, status?: number): void {
  requireAnswer(answer);
  assertHolds(answer, { finding: findDeny(answer, status), operator: assertDenies });
}

/**
 * Asserts that an authorizer passes a variable on: with this value, or with any.
 *
 * @throws AssertionError as {@link assertAllows}
 */
export function assertSetsVariable(answer: TestAnswer, name: string, value?: string | RegExp): void {
  requireAnswer(answer);
  assertHolds(answer, { finding: findVariable(answer, name, { value }), operator: assertSetsVariable });
}

/**
 * Asserts that a reply has a status, or the status, header fields and body that are named.
 *
 * @throws AssertionError as {@link assertAllows}; SyntaxError if JSON is expected and it is none
 */
export function assertRepliesWith(answer: TestAnswer, expected: number | ExpectedReply): void {
  requireAnswer(answer);
  assertHolds(answer, { finding: findReply(answer, expected), operator: assertRepliesWith });
}

/** The stack begins at the test. */
function assertHolds(
  answer: TestAnswer,
  {
    finding,
    operator,
  }: { readonly finding: Finding; readonly operator: (answer: TestAnswer, ...rest: never[]) => void },
): void {
  if (finding.holds) return;
  throw new AssertionError({ message: messageOf(answer, finding), stackStartFn: operator });
}
