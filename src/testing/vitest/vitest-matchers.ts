import { expect } from "vitest";

import type { ExpectedReply } from "../expectations.js";
import { matchers } from "../matchers.js";
import type { TestAnswer } from "../test-answer.js";

/** The matchers for an answer, or for a promise of one after `resolves`. */
export interface AnswerMatchers {
  /** An authorizer allows the request, and passes on at least these variables. */
  toAllow(variables?: Readonly<Record<string, string>>): void;
  /** An authorizer denies the request, with this status or any. */
  toDeny(status?: number): void;
  /** An authorizer passes a variable on, with this value or any. */
  toSetVariable(name: string, value?: string | RegExp): void;
  /** A reply has this status, or the status, header fields and body that are named. */
  toReplyWith(expected: number | ExpectedReply): void;
}

/** A matcher of an answer; for a value that is none it is nothing that could be called. */
type MatcherFor<T, Name extends keyof AnswerMatchers> = [T] extends [TestAnswer | Promise<TestAnswer>]
  ? AnswerMatchers[Name]
  : never;

declare module "vitest" {
  // oxlint-disable-next-line typescript/no-explicit-any -- the parameter must be declared as in Vitest
  interface Matchers<T = any> {
    readonly toAllow: MatcherFor<T, "toAllow">;
    readonly toDeny: MatcherFor<T, "toDeny">;
    readonly toSetVariable: MatcherFor<T, "toSetVariable">;
    readonly toReplyWith: MatcherFor<T, "toReplyWith">;
  }
}

expect.extend(matchers);
