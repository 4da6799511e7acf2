import {
  findAllow,
  findDeny,
  findReply,
  findVariable,
  messageOf,
  requireAnswer,
  type Equality,
  type ExpectedReply,
  type Finding,
} from "./expectations.js";
import type { TestAnswer } from "./test-answer.js";

/** What `expect.extend` gives a matcher as `this`. */
export interface MatcherContext {
  readonly isNot?: boolean | undefined;
  readonly equals?: Equality | undefined;
}

/** The result of a matcher. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * The matchers for `expect.extend` of Vitest, Jest and Bun. `tricorn/testing/vitest` adds them to Vitest, with their types.
 *
 * - `toAllow(variables?)`: an authorizer allows the request, and passes on at least these variables
 * - `toDeny(status?)`: it denies, with this status or any
 * - `toSetVariable(name, value?)`: it passes a variable on, with this value or any; the value may be a pattern
 * - `toReplyWith(status | { status, headers, text, json })`: a reply is as expected
 */
export const matchers = {
  toAllow(
    this: MatcherContext,
    received: unknown,
    variables?: Readonly<Record<string, string>>,
  ): MatcherResult {
    requireAnswer(received);
    return resultOf(this, received, findAllow(received, variables));
  },
  toDeny(this: MatcherContext, received: unknown, status?: number): MatcherResult {
    requireAnswer(received);
    return resultOf(this, received, findDeny(received, status));
  },
  toSetVariable(
    this: MatcherContext,
    received: unknown,
    name: string,
    value?: string | RegExp,
  ): MatcherResult {
    requireAnswer(received);
    return resultOf(this, received, findVariable(received, name, { value }));
  },
  toReplyWith(this: MatcherContext, received: unknown, expected: number | ExpectedReply): MatcherResult {
    requireAnswer(received);
    return resultOf(this, received, findReply(received, expected, { equal: this.equals }));
  },
};

function resultOf({ isNot }: MatcherContext, answer: TestAnswer, finding: Finding): MatcherResult {
  return {
    pass: finding.holds,
    message: () => messageOf(answer, finding, isNot === true ? "negated" : "plain"),
  };
}
